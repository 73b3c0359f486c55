package rest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/tenancy"
)

// Bounds of a connection. Headers and bodies come in time or not at all; an answer may take its tenant's time.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 60 * time.Second
	writeTimeout      = 90 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 32 << 10
	// DefaultMaxBodyBytes is http.max_body_bytes where nothing else is said.
	DefaultMaxBodyBytes = 16 << 20
)

// Config is what the door stands on.
type Config struct {
	Service *api.Service
	// Listen is host:port. Off loopback it needs TLS files, or Insecure said out loud.
	Listen                  string
	TLSCertFile, TLSKeyFile string
	Insecure                bool
	// MaxBodyBytes bounds a request's body; 0 = DefaultMaxBodyBytes.
	MaxBodyBytes int64
	// Agents serves /mcp; nil = nothing is there.
	Agents Agents
	// Open is for a standalone node; the zero one asks everybody for a key.
	Open   Open
	Logger *slog.Logger
}

// Open lets in who brings no key: his request is one of the key here.
type Open struct {
	Key tenancy.Secret
	// Everywhere opens every path; else only those that tell that the node lives.
	Everywhere bool
}

// credential is what a request without one is taken to bring; "" asks for one. What a browser sends for a foreign page, or
// to a foreign name that was made to mean this machine, brings nothing: the page would speak for whoever looks at it.
func (o Open) credential(r *http.Request, path string) string {
	switch {
	case o.Key.IsZero():
		return ""
	case path == "/" || path == "/health":
		return o.Key.Reveal()
	case o.Everywhere && len(r.Header.Values("Origin")) == 0 && loopbackHost(r.Host):
		return o.Key.Reveal()
	}
	return ""
}

// loopbackHost tells whether a request was sent to this machine by a name that can mean no other.
func loopbackHost(host string) bool {
	return loopback(host) || loopback(net.JoinHostPort(strings.Trim(host, "[]"), "80"))
}

// Server is the HTTP door. Listen, then Serve until Shutdown.
type Server struct {
	config       Config
	routes       []route
	service      *api.Service
	logger       *slog.Logger
	nodeID       string
	nodeName     string
	version      string
	maxBodyBytes int64
	seen         *seen
	inFlight     chan struct{} // one element for each request being served
	damping      *damping      // nil holds nothing back: tests that ask as everybody
	echo         *echo.Echo
	http         *http.Server
	listener     net.Listener
}

// ErrInsecure says that a listener off loopback has no TLS and nobody said that this is meant.
var ErrInsecure = errors.New("refused to listen off loopback without TLS")

// New makes the door. It listens only after Listen.
func New(c Config) (*Server, error) {
	if c.MaxBodyBytes <= 0 {
		c.MaxBodyBytes = DefaultMaxBodyBytes
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{config: c, routes: routes, service: c.Service, logger: c.Logger, maxBodyBytes: c.MaxBodyBytes, inFlight: make(chan struct{}, maxInFlight), damping: newDamping()}
	s.nodeID, s.nodeName, s.version = c.Service.Self()
	s.seen = newSeen(c.Service)
	s.echo = s.router()
	s.http = &http.Server{
		Handler:           s.echo,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(c.Logger.Handler(), slog.LevelDebug),
	}
	return s, nil
}

// router registers the table and nothing else.
func (s *Server) router() *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor = echo.ExtractIPDirect()
	e.HTTPErrorHandler = func(err error, c echo.Context) { s.refuse(c, err) }
	e.Use(s.admit)
	for _, r := range s.routes {
		e.Add(r.method, r.path, s.serve(r))
	}
	return e
}

// Handler is the door without a port, for tests.
func (s *Server) Handler() http.Handler { return s.echo }

// Listen opens the port, so that a refusal shows before the node joins anything. Errors wrap ErrInsecure or tell what
// is wrong with the address or the TLS files.
func (s *Server) Listen() error {
	c := s.config
	secure := c.TLSCertFile != "" || c.TLSKeyFile != ""
	if c.Open.Everywhere && !loopback(c.Listen) {
		return fmt.Errorf("refused to listen on %s: who brings no key is let in only over loopback; say auth.required = true", c.Listen)
	}
	if !secure && !c.Insecure && !loopback(c.Listen) {
		return fmt.Errorf("%w on %s: give http.tls_cert_file and http.tls_key_file, or say http.insecure = true", ErrInsecure, c.Listen)
	}
	if secure {
		pair, err := tls.LoadX509KeyPair(c.TLSCertFile, c.TLSKeyFile)
		if err != nil {
			return fmt.Errorf("read http.tls_cert_file and http.tls_key_file: %w", err)
		}
		s.http.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	}
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("open http.listen: %w", err)
	}
	if !secure && !loopback(c.Listen) {
		s.logger.Warn("http is served off loopback without TLS: keys and data travel readable", "listen", c.Listen)
	}
	s.listener = listener
	return nil
}

// Address is where the door listens, "" before Listen.
func (s *Server) Address() string {
	if s.listener == nil {
		return ""
	}
	return s.listener.Addr().String()
}

// Serve answers until Shutdown; nil after one.
func (s *Server) Serve() error {
	var err error
	if s.http.TLSConfig != nil {
		err = s.http.ServeTLS(s.listener, "", "")
	} else {
		err = s.http.Serve(s.listener)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve http: %w", err)
}

// Shutdown refuses new connections and waits for what runs; when ctx ends first, it breaks what is left.
func (s *Server) Shutdown(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.http.Close())
	}
	return err
}

// loopback tells whether an address can be reached from this machine only.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
