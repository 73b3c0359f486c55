package rest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/api/rest/body"
	"github.com/hivellm/nexus/hivehub"
	"github.com/hivellm/nexus/tenancy"
)

// Headers of every answer, and of requests.
const (
	headerRequestID      = "X-Request-Id"
	headerNode           = "X-Nexus-Node"
	headerAPIKey         = "X-API-Key"
	headerIdempotencyKey = "Idempotency-Key"
)

const (
	// operationTimeout bounds every call but /cypher, whose bound is the tenant's.
	operationTimeout = 30 * time.Second
	// maxInFlight bounds the requests that are being served at once, and with them what their bodies hold.
	maxInFlight = 2048
	// maxRequestID is the longest X-Request-Id of a client that is kept.
	maxRequestID = 64
)

// call is one admitted request on its way through a handler.
type call struct {
	context   context.Context
	principal tenancy.Principal
	requestID string
	arrivedMs int64
	body      []byte // valid until the handler returns
	cost      api.Cost
	request   *http.Request
	response  *echo.Response
	echo      echo.Context
}

// parameter is a part of the path, unescaped.
func (c *call) parameter(name string) string {
	raw := c.echo.Param(name)
	if c.request.URL.RawPath == "" {
		return raw
	}
	text, err := url.PathUnescape(raw)
	if err != nil {
		return raw
	}
	return text
}

// query is a parameter behind the question mark, given once; "" when absent.
func (c *call) query(name string) (string, error) {
	values := c.request.URL.Query()[name]
	switch len(values) {
	case 0:
		return "", nil
	case 1:
		return values[0], nil
	}
	return "", api.Refuse(api.CodeBadRequest, "%q is given %d times", name, len(values))
}

// Keys under which admit leaves what it found for serve.
const (
	keyPrincipal = "principal"
	keyRequestID = "request id"
	keyArrivedMs = "arrived ms"
)

// admit stands before the router's verdict: it names the request, finds whose it is and whether he may work at all, and
// turns every error into an answer. A path nobody serves gets here too.
func (s *Server) admit(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		requestID := requestIDOf(c.Request())
		named := [...]string{requestID, s.nodeName, "no-store"} // one piece for three headers
		header := c.Response().Header()
		header[headerRequestID], header[headerNode], header[echo.HeaderCacheControl] = named[0:1:1], named[1:2:2], named[2:3:3]
		c.Set(keyRequestID, requestID)
		a := &act{started: time.Now(), rows: -1}
		c.Set(keyAct, a)
		c.Set(keyArrivedMs, a.started.UnixMilli())
		defer s.over(c, a)
		defer func() {
			if thrown := recover(); thrown != nil {
				err = s.recovered(c, thrown)
			}
			if err != nil {
				s.refuse(c, err)
				err = nil
			}
		}()
		if s.signed(c.Request().Method, c.Path()) {
			return next(c)
		}
		credential := credentialOf(c.Request().Header)
		if credential == "" {
			credential = s.config.Open.credential(c.Request(), c.Path())
		}
		a.credential = credential
		principal, err := s.service.Authenticate(credential)
		if err != nil {
			s.damp(c, credential, err)
			return err
		}
		c.Set(keyPrincipal, principal)
		if c.Request().Method == http.MethodOptions {
			return unserved(c)
		}
		return next(c)
	}
}

// damp holds the answer to a refused credential back where there were too many.
func (s *Server) damp(c echo.Context, credential string, err error) {
	var refused *api.Error
	if errors.As(err, &refused) && refused.Code == api.CodeInvalidToken && s.damping != nil && s.damping.failed(time.Now(), c.RealIP(), credential) {
		s.damping.hold(c.Request().Context())
	}
}

// unserved is the answer to OPTIONS, which no route of the table has: CORS is off.
func unserved(c echo.Context) error {
	if _, found := c.Get(echo.ContextKeyHeaderAllow).(string); found {
		return echo.ErrMethodNotAllowed
	}
	return echo.ErrNotFound
}

// recovered makes an error of a panic; a handler that broke its connection on purpose goes on doing so.
func (s *Server) recovered(c echo.Context, thrown any) error {
	if thrown == http.ErrAbortHandler {
		panic(thrown)
	}
	s.logger.Error("panic in a handler", "request_id", c.Get(keyRequestID), "panic", thrown, "stack", string(debug.Stack()))
	return api.Refuse(api.CodeInternal, "%s", internalDetail)
}

// serve runs one route: its function, whether this node takes work, a place among the requests in flight, the body's size,
// the tenant's rate, then its handler.
func (s *Server) serve(r route) echo.HandlerFunc {
	if r.function.Authenticator() == tenancy.ByHubSignature {
		return s.serveSigned(r)
	}
	return func(c echo.Context) error {
		principal, ok := c.Get(keyPrincipal).(tenancy.Principal)
		if !ok {
			return errors.New("a route was reached without a principal")
		}
		audited := s.begin(c, r)
		if r.function == tenancy.FunctionByPlan {
			if principal.Tenant().IsZero() { // an operator has no tenant: no plan may ask for anything
				return s.service.Allow(principal, tenancy.FunctionCypherRead)
			}
		} else if err := s.service.Allow(principal, r.function); err != nil {
			return err
		}
		if audited != nil {
			return audited
		}
		leave, err := s.service.Enter(r.function)
		if err != nil {
			return err
		}
		defer leave()
		select {
		case s.inFlight <- struct{}{}:
			defer func() { <-s.inFlight }()
		default:
			return api.Refuse(api.CodeOverloaded, "requests: %d are being served", maxInFlight)
		}
		data, release, err := body.Read(c.Request(), s.maxBodyBytes)
		if err != nil {
			return err
		}
		defer release()
		ctx, cancel := s.bound(c, r)
		defer cancel()
		one := &call{context: ctx, principal: principal, body: data, request: c.Request(), response: c.Response(), echo: c}
		one.requestID, _ = c.Get(keyRequestID).(string)
		one.arrivedMs, _ = c.Get(keyArrivedMs).(int64)
		if !principal.Tenant().IsZero() {
			one.response.Before(one.tellCost)
			defer s.counted(principal, one)
		}
		if err := s.limited(one); err != nil {
			return err
		}
		return r.handle(s, one)
	}
}

// serveSigned runs a route that the hub signs. Its handler judges the signature before anything else, so the body is read
// first, and bounded by what the hub may send.
func (s *Server) serveSigned(r route) echo.HandlerFunc {
	return func(c echo.Context) error {
		select {
		case s.inFlight <- struct{}{}:
			defer func() { <-s.inFlight }()
		default:
			return api.Refuse(api.CodeOverloaded, "requests: %d are being served", maxInFlight)
		}
		data, release, err := body.Read(c.Request(), hivehub.MaxEventBody)
		if err != nil { // whatever it is, the hub did not sign it
			return api.Refuse(api.CodeInvalidToken, "The event is not signed by the hub")
		}
		defer release()
		ctx, cancel := s.bound(c, r)
		defer cancel()
		return r.handle(s, &call{context: ctx, body: data, request: c.Request(), response: c.Response(), echo: c})
	}
}

// bound sets the deadlines of a request whose body is read: the server's own for reading would end a long query.
func (s *Server) bound(c echo.Context, r route) (context.Context, context.CancelFunc) {
	control := http.NewResponseController(c.Response())
	_ = control.SetReadDeadline(time.Time{}) // a recorder of a test has no deadlines
	if r.streams {
		_ = control.SetWriteDeadline(time.Time{})
		return c.Request().Context(), func() {} // it ends with the request; the service sets the query's own deadline
	}
	return context.WithTimeout(c.Request().Context(), operationTimeout)
}

// credentialOf takes the key's text out of its header; "" when there is no credential at all. What is there but not as it
// must be comes back as a text that no key has.
func credentialOf(header http.Header) string {
	bearers, keys := header.Values("Authorization"), header.Values(headerAPIKey)
	switch {
	case len(bearers)+len(keys) == 0:
		return ""
	case len(bearers)+len(keys) > 1:
		return "several credentials"
	case len(keys) == 1:
		return orMalformed(strings.TrimSpace(keys[0]))
	}
	scheme, token, _ := strings.Cut(bearers[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "another scheme"
	}
	return orMalformed(strings.TrimSpace(token))
}

func orMalformed(text string) string {
	if text == "" {
		return "an empty credential"
	}
	return text
}

// requestIDOf is the client's X-Request-Id where it is a plain one, else one of ours.
func requestIDOf(r *http.Request) string {
	if id := r.Header.Get(headerRequestID); plainID(id) {
		return id
	}
	var random [12]byte
	rand.Read(random[:]) // never fails
	return hex.EncodeToString(random[:])
}

func plainID(id string) bool {
	if id == "" || len(id) > maxRequestID {
		return false
	}
	for _, c := range []byte(id) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}
