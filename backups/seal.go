package backups

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/kampyn/opsbot/objects"
)

// errDamaged says that a stored JSON object is not what was written.
var errDamaged = errors.New("its checksum is wrong")

// maxSealed bounds how much is read of a stored JSON object.
const maxSealed = 256 << 20

// seal writes v, a JSON object, with a last field "checksum": the SHA-256, in hex, of every byte before it. So a change
// of any byte is found, and a reader that knows nothing of it still reads JSON.
func seal(v any) ([]byte, error) {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("backups: write JSON: %w", err)
	}
	text = bytes.TrimSuffix(text, []byte("\n}"))
	return append(text, sealOf(text)...), nil
}

func sealOf(text []byte) []byte {
	return fmt.Appendf(nil, ",\n  \"checksum\": \"%x\"\n}\n", sha256.Sum256(text))
}

// unseal reads what seal wrote.
func unseal(data []byte, v any) error {
	end := len(data) - len(sealOf(nil))
	if end < 0 || !bytes.Equal(data[end:], sealOf(data[:end])) {
		return errDamaged
	}
	return json.Unmarshal(data, v)
}

// putSealed stores v under the key.
func putSealed(ctx context.Context, store objects.Store, key string, v any, ifAbsent bool) error {
	data, err := seal(v)
	if err != nil {
		return err
	}
	w, err := store.Create(ctx, key, objects.CreateOptions{SizeHint: int64(len(data)), IfAbsent: ifAbsent, ContentType: "application/json"})
	if err != nil {
		return fmt.Errorf("backups: write %s: %w", key, err)
	}
	defer w.Abort()
	if _, err := w.Write(data); err != nil {
		return fmt.Errorf("backups: write %s: %w", key, err)
	}
	if err := w.Commit(ctx); err != nil {
		return fmt.Errorf("backups: write %s: %w", key, err)
	}
	return nil
}

// getSealed reads the object under the key into v. The error is errDamaged when it was read but is not as written.
func getSealed(ctx context.Context, store objects.Store, key string, v any) error {
	r, err := store.Open(ctx, key, 0)
	if err != nil {
		return fmt.Errorf("backups: read %s: %w", key, err)
	}
	data, err := io.ReadAll(io.LimitReader(r, maxSealed))
	if err := errors.Join(err, r.Close()); err != nil {
		return fmt.Errorf("backups: read %s: %w", key, err)
	}
	if err := unseal(data, v); err != nil {
		return fmt.Errorf("backups: %s: %w (%w)", key, errDamaged, err)
	}
	return nil
}
