package peer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"time"
)

// certificateLife is how long certificates of the authority and of nodes are valid.
const certificateLife = 10 * 365 * 24 * time.Hour

// backdate forgives clocks that differ a little between the place of issue and the nodes.
const backdate = 10 * time.Minute

// Authority signs the certificates of one cluster. It lives where "cluster init" ran; no node ever holds its key.
type Authority struct {
	clusterID      string
	certificate    *x509.Certificate
	key            *ecdsa.PrivateKey
	certificatePEM []byte
	keyPEM         []byte
}

// NewAuthority makes a fresh authority (ECDSA P-256, ten years) for a cluster id.
func NewAuthority(clusterID string) (*Authority, error) {
	if clusterID == "" {
		return nil, errors.New("new authority: empty cluster id")
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make authority key: %w", err)
	}
	template, err := template("nexus cluster "+clusterID, &url.URL{Scheme: sanScheme, Host: clusterID})
	if err != nil {
		return nil, err
	}
	template.IsCA, template.BasicConstraintsValid, template.MaxPathLenZero = true, true, true
	template.KeyUsage = x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("sign authority certificate: %w", err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode authority key: %w", err)
	}
	return LoadAuthority(encodePEM("CERTIFICATE", der), encodePEM("PRIVATE KEY", keyDER))
}

// LoadAuthority reads an authority back from its PEM texts.
func LoadAuthority(certificatePEM, keyPEM []byte) (*Authority, error) {
	pair, err := tls.X509KeyPair(certificatePEM, keyPEM)
	if err != nil {
		return nil, fmt.Errorf("authority certificate and key: %w", err)
	}
	certificate, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return nil, fmt.Errorf("authority certificate: %w", err)
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok || !certificate.IsCA || len(certificate.URIs) != 1 || certificate.URIs[0].Scheme != sanScheme {
		return nil, errors.New("authority files are not those of a nexus cluster")
	}
	return &Authority{clusterID: certificate.URIs[0].Host, certificate: certificate, key: key,
		certificatePEM: certificatePEM, keyPEM: keyPEM}, nil
}

// ClusterID names the cluster the authority signs for.
func (a *Authority) ClusterID() string { return a.clusterID }

// CertificatePEM is the public half, which every node holds.
func (a *Authority) CertificatePEM() []byte { return a.certificatePEM }

// KeyPEM is the secret half.
func (a *Authority) KeyPEM() []byte { return a.keyPEM }

// Issue makes a node's certificate and key as PEM. hosts (names or IP addresses) are informative: nodes check the
// URI SAN, not the host.
func (a *Authority) Issue(nodeID string, hosts []string) (certificatePEM, keyPEM []byte, err error) {
	if nodeID == "" {
		return nil, nil, errors.New("issue certificate: empty node id")
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("make node key: %w", err)
	}
	template, err := template("nexus node "+nodeID, sanOf(a.clusterID, nodeID))
	if err != nil {
		return nil, nil, err
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else if host != "" {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key)
	if err != nil {
		return nil, nil, fmt.Errorf("sign certificate of node %s: %w", nodeID, err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, fmt.Errorf("encode key of node %s: %w", nodeID, err)
	}
	return encodePEM("CERTIFICATE", der), encodePEM("PRIVATE KEY", keyDER), nil
}

func template(commonName string, san *url.URL) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("make serial number: %w", err)
	}
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: commonName},
		NotBefore:    now.Add(-backdate),
		NotAfter:     now.Add(certificateLife),
		URIs:         []*url.URL{san},
	}, nil
}
