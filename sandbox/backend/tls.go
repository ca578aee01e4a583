package backend

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"time"
)

// authority signs the certificates of one server.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority() (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make the key of the authority: %w", err)
	}
	now := time.Now()
	plan := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Sandbox authority"}, IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, NotBefore: now.AddDate(-2, 0, 0), NotAfter: now.AddDate(10, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, plan, plan, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("make the certificate of the authority: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("read the certificate of the authority: %w", err)
	}
	return &authority{cert, key}, nil
}

// Certificate describes what a TLS server shows.
type Certificate struct {
	// Expires is when it ends: a year from now by default. The past makes it an expired one.
	Expires time.Time
	// Names are what it is for: 127.0.0.1 and localhost by default, other ones make it wrong.
	Names []string
}

// ServeTLS serves the same API at another port with a certificate, and answers its address, "https://127.0.0.1:PORT".
func (s *Server) ServeTLS(c Certificate) (string, error) {
	if c.Expires.IsZero() {
		c.Expires = time.Now().AddDate(1, 0, 0)
	}
	if c.Names == nil {
		c.Names = []string{"127.0.0.1", "localhost"}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", fmt.Errorf("make a key: %w", err)
	}
	plan := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: c.Names[0]},
		NotBefore: c.Expires.AddDate(-1, -1, 0), NotAfter: c.Expires, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	for _, name := range c.Names {
		if ip := net.ParseIP(name); ip != nil {
			plan.IPAddresses = append(plan.IPAddresses, ip)
		} else {
			plan.DNSNames = append(plan.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, plan, s.ca.cert, &key.PublicKey, s.ca.key)
	if err != nil {
		return "", fmt.Errorf("make a certificate: %w", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("listen with TLS: %w", err)
	}
	s.serve(tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}))
	return "https://" + listener.Addr().String(), nil
}

// Roots are the authorities that a client has to trust in order to trust ServeTLS.
func (s *Server) Roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(s.ca.cert)
	return pool
}
