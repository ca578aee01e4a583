package mongo

import "fmt"

// Error is an error as the server answers it. CodeName may be empty for the codes the package knows.
type Error struct {
	Code     int
	CodeName string
	Message  string
	Labels   []string

	more func(w *builder) // further fields of the reply, or of the writeErrors entry
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s (%d): %s", codeName(e.Code, e.CodeName), e.Code, e.Message)
}

const (
	codeBadValue              = 2
	codeNoSuchKey             = 4
	codeFailedToParse         = 9
	codeUnauthorized          = 13
	codeTypeMismatch          = 14
	codeInvalidLength         = 16
	codeProtocolError         = 17
	codeAuthenticationFailed  = 18
	codeIllegalOperation      = 20
	codeNamespaceNotFound     = 26
	codeIndexNotFound         = 27
	codePathNotViable         = 28
	codeConflictingUpdate     = 40
	codeCursorNotFound        = 43
	codeNamespaceExists       = 48
	codeDollarPrefixed        = 52
	codeCommandNotFound       = 59
	codeImmutableField        = 66
	codeCannotCreateIndex     = 67
	codeInvalidOptions        = 72
	codeInvalidNamespace      = 73
	codeIndexOptionsConflict  = 85
	codeIndexKeyConflict      = 86
	codeWriteConflict         = 112
	codeNotSupported          = 115
	codeValidationFailure     = 121
	codeCappedPositionLost    = 136
	codeViewNotSupported      = 166
	codeParallelArrays        = 171
	codePlanKilled            = 175
	codeMetadataMutated       = 186
	codeInvalidIndexOption    = 197
	codeUpdateFailed          = 218
	codeTransactionTooOld     = 225
	codeNoSuchTransaction     = 251
	codeTransactionCommitted  = 256
	codeTxnNotSupported       = 263
	codeNoPlans               = 291
	codeMechanismUnavailable  = 334
	codeCappedSize            = 10003
	codeNotPrimary            = 10107
	codeObjectTooLarge        = 10334
	codeDuplicateKey          = 11000
	codeDifferCase            = 13297
	codeNotPrimaryNoSecondary = 13435
)

var codeNames = map[int]string{
	1: "InternalError", codeBadValue: "BadValue", codeNoSuchKey: "NoSuchKey", codeFailedToParse: "FailedToParse", 11: "UserNotFound",
	codeUnauthorized: "Unauthorized", codeTypeMismatch: "TypeMismatch", codeInvalidLength: "InvalidLength",
	codeProtocolError: "ProtocolError", codeAuthenticationFailed: "AuthenticationFailed", codeIllegalOperation: "IllegalOperation",
	codeNamespaceNotFound: "NamespaceNotFound", codeIndexNotFound: "IndexNotFound", codePathNotViable: "PathNotViable",
	codeConflictingUpdate: "ConflictingUpdateOperators", codeCursorNotFound: "CursorNotFound", codeNamespaceExists: "NamespaceExists",
	50: "MaxTimeMSExpired", codeDollarPrefixed: "DollarPrefixedFieldName", codeCommandNotFound: "CommandNotFound",
	codeImmutableField: "ImmutableField", codeCannotCreateIndex: "CannotCreateIndex", codeInvalidOptions: "InvalidOptions",
	codeInvalidNamespace: "InvalidNamespace", 76: "NoReplicationEnabled", codeIndexOptionsConflict: "IndexOptionsConflict",
	codeIndexKeyConflict: "IndexKeySpecsConflict", 89: "NetworkTimeout", 91: "ShutdownInProgress", 94: "NotYetInitialized",
	100: "UnsatisfiableWriteConcern", codeWriteConflict: "WriteConflict", codeNotSupported: "CommandNotSupported",
	codeValidationFailure: "DocumentValidationFailure", codeCappedPositionLost: "CappedPositionLost",
	codeViewNotSupported: "CommandNotSupportedOnView", codeParallelArrays: "CannotIndexParallelArrays", codePlanKilled: "QueryPlanKilled",
	codeMetadataMutated: "ClientMetadataCannotBeMutated", 189: "PrimarySteppedDown", codeInvalidIndexOption: "InvalidIndexSpecificationOption",
	codeUpdateFailed: "UpdateOperationFailed", codeTransactionTooOld: "TransactionTooOld", codeNoSuchTransaction: "NoSuchTransaction",
	codeTransactionCommitted: "TransactionCommitted", codeTxnNotSupported: "OperationNotSupportedInTransaction",
	codeNoPlans: "NoQueryExecutionPlans", codeMechanismUnavailable: "MechanismUnavailable", codeNotPrimary: "NotWritablePrimary",
	codeObjectTooLarge: "BSONObjectTooLarge", codeDuplicateKey: "DuplicateKey", 11600: "InterruptedAtShutdown", 11601: "Interrupted",
	11602: "InterruptedDueToReplStateChange", codeDifferCase: "DatabaseDifferCase", codeNotPrimaryNoSecondary: "NotPrimaryNoSecondaryOk",
	13436: "NotPrimaryOrSecondary",
}

func codeName(code int, given string) string {
	if given != "" {
		return given
	}
	if name, ok := codeNames[code]; ok {
		return name
	}
	return fmt.Sprintf("Location%d", code)
}

func fail(code int, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

func (e *Error) labelled(labels ...string) *Error {
	e.Labels = append(e.Labels, labels...)
	return e
}

// writeError writes the fields of an error reply in the order in which the server sends them.
func (e *Error) write(w *builder) {
	w.f64("ok", 0)
	w.str("errmsg", e.Message)
	w.i32("code", e.Code)
	w.str("codeName", codeName(e.Code, e.CodeName))
	if e.more != nil {
		e.more(w)
	}
}
