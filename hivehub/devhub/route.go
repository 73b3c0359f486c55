package devhub

import (
	"bytes"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"

	"github.com/hivellm/nexus/hivehub"
	"github.com/hivellm/nexus/tenancy"
)

// caller is who may call a route.
type caller uint8

const (
	anyone   caller = iota
	nexus           // the service key, and what the contract asks of every call
	operator        // the service key
	person          // an access token
)

// route is a row of the table of routes.
type route struct {
	method, path string
	caller       caller
	// faulty tells whether the fault switch acts on it.
	faulty bool
	handle func(h *Hub, c *request) (int, any, error)
}

// routes is everything the hub serves.
var routes = []route{
	{"GET", "/health", anyone, true, (*Hub).health},
	{"GET", "/api/internal/nexus/user/{userId}/databases", nexus, true, (*Hub).userDatabases},
	{"GET", "/api/internal/nexus/user/{userId}/quota", nexus, true, (*Hub).userQuota},
	{"POST", "/api/internal/nexus/usage/update", nexus, true, (*Hub).takeUsage},
	{"GET", "/api/internal/nexus/users", nexus, true, (*Hub).changedUsers},
	{"GET", "/api/internal/nexus/keys", nexus, true, (*Hub).changedKeys},
	{"GET", "/api/internal/nexus/keys/{keyId}", nexus, true, (*Hub).oneKey},
	{"POST", "/api/internal/nexus/audit", nexus, true, (*Hub).takeAudit},
	{"POST", "/api/auth/register", anyone, false, (*Hub).register},
	{"POST", "/api/auth/login", anyone, false, (*Hub).login},
	{"GET", "/api/users/me", person, false, (*Hub).me},
	{"GET", "/api/subscriptions/plans", person, false, (*Hub).plans},
	{"POST", "/api/subscriptions/upgrade", person, false, (*Hub).upgrade},
	{"POST", "/v1/access-keys", person, false, (*Hub).makeKey},
	{"GET", "/v1/access-keys", person, false, (*Hub).listKeys},
	{"DELETE", "/v1/access-keys/{keyId}", person, false, (*Hub).revokeKey},
	{"GET", "/dev/users", operator, false, (*Hub).devUsers},
	{"PATCH", "/dev/users/{userId}", operator, false, (*Hub).patchUser},
	{"GET", "/dev/usage", operator, false, (*Hub).devUsage},
	{"GET", "/dev/audit", operator, false, (*Hub).devAudit},
	{"GET", "/dev/calls", operator, false, (*Hub).devCalls},
	{"GET", "/dev/pushes", operator, false, (*Hub).devPushes},
	{"GET", "/dev/faults", operator, false, (*Hub).showFaults},
	{"POST", "/dev/faults", operator, false, (*Hub).setFaults},
}

// Routes lists what a hub serves, as method and path.
func Routes() []string {
	list := make([]string, 0, len(routes))
	for _, r := range routes {
		list = append(list, r.method+" "+r.path)
	}
	return list
}

// request is a request that found its route and whose body is read.
type request struct {
	*http.Request
	body []byte
	// user is who a person's token says; "" elsewhere.
	user string
}

// refusal is an answer that is an error.
type refusal struct {
	status  int
	message string
	details any
}

// Error implements error.
func (r *refusal) Error() string { return r.message }

func refuse(status int, format string, args ...any) *refusal {
	return &refusal{status: status, message: fmt.Sprintf(format, args...)}
}

func (r *refusal) with(details any) *refusal {
	r.details = details
	return r
}

// callCounts counts the calls of each route but the switches'.
type callCounts struct {
	names  []string // "" for a switch
	counts []atomic.Uint64
}

func newCallCounts() *callCounts {
	c := &callCounts{counts: make([]atomic.Uint64, len(routes))}
	for _, r := range routes {
		name := r.method + " " + r.path
		if strings.HasPrefix(r.path, "/dev/") {
			name = ""
		}
		c.names = append(c.names, name)
	}
	return c
}

// called is how often each route was called, those that were.
func (c *callCounts) called() map[string]uint64 {
	called := map[string]uint64{}
	for i, name := range c.names {
		if n := c.counts[i].Load(); n > 0 && name != "" {
			called[name] = n
		}
	}
	return called
}

func (h *Hub) newRoutes() http.Handler {
	mux := http.NewServeMux()
	methods := map[string][]string{}
	for i, r := range routes {
		mux.HandleFunc(r.method+" "+r.path, func(w http.ResponseWriter, q *http.Request) { h.serve(w, q, i) })
		methods[r.path] = append(methods[r.path], r.method)
	}
	for path, allowed := range methods {
		allow := strings.Join(allowed, ", ")
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Allow", allow)
			answer(w, http.StatusMethodNotAllowed, hivehub.ErrorBody{Error: "the method is not allowed here", Details: map[string]string{"allow": allow}})
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusNotFound, hivehub.ErrorBody{Error: "there is no such route"})
	})
	return mux
}

// serve answers one request of a route, faults and all.
func (h *Hub) serve(w http.ResponseWriter, q *http.Request, index int) {
	r := routes[index]
	h.calls.counts[index].Add(1)
	body, err := readBody(q)
	if err != nil {
		h.answerError(w, err)
		return
	}
	var plan faultPlan
	if r.faulty {
		plan = h.faults.plan()
		if !plan.wait(q.Context()) {
			panic(http.ErrAbortHandler)
		}
		if plan.status != 0 {
			h.answerError(w, refuse(plan.status, "a fault that POST /dev/faults asked for"))
			return
		}
	}
	status, content, err := h.handle(r, &request{Request: q, body: body}, plan)
	switch {
	case plan.drop:
		panic(http.ErrAbortHandler) // the work is done, the answer is lost
	case err != nil:
		h.answerError(w, err)
	case status == http.StatusNoContent:
		w.WriteHeader(status)
	default:
		answer(w, status, content)
	}
}

// handle does a route's work, in disorder and twice where a fault says so.
func (h *Hub) handle(r route, q *request, plan faultPlan) (int, any, error) {
	if err := h.admit(r.caller, q); err != nil {
		return 0, nil, err
	}
	if plan.reorder && r.method == http.MethodPost {
		defer h.faults.overtake(q.Context())()
	}
	status, content, err := r.handle(h, q)
	if err != nil {
		return 0, nil, err
	}
	if plan.duplicate && r.method == http.MethodPost {
		return r.handle(h, q)
	}
	if page, ok := content.(interface {
		disturb(twice, reversed bool) any
	}); ok {
		content = page.disturb(plan.duplicate, plan.reorder)
	}
	return status, content, nil
}

func (h *Hub) answerError(w http.ResponseWriter, err error) {
	var refused *refusal
	switch {
	case errors.As(err, &refused):
		answer(w, refused.status, hivehub.ErrorBody{Error: refused.message, Details: refused.details})
	case errors.Is(err, errJournal):
		answer(w, http.StatusServiceUnavailable, hivehub.ErrorBody{Error: errJournal.Error()})
	default:
		h.logger.Error("a request failed", "error", err)
		answer(w, http.StatusInternalServerError, hivehub.ErrorBody{Error: "internal error"})
	}
}

// traceparent is the shape the contract's tracing header has.
var traceparent = regexp.MustCompile(`^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$`)

// admit judges who calls.
func (h *Hub) admit(who caller, q *request) error {
	switch who {
	case anyone:
		return nil
	case person:
		return h.admitPerson(q)
	}
	key, ok := strings.CutPrefix(q.Header.Get("Authorization"), "Bearer ")
	if !ok || subtle.ConstantTimeCompare([]byte(key), []byte(h.options.ServiceKey.Reveal())) != 1 {
		return refuse(http.StatusUnauthorized, "the service key is missing or wrong")
	}
	if who == operator {
		return nil
	}
	switch {
	case q.Header.Get("X-Service-Name") != "nexus":
		return refuse(http.StatusForbidden, "X-Service-Name must be nexus here")
	case !traceparent.MatchString(q.Header.Get("Traceparent")):
		return refuse(http.StatusBadRequest, "traceparent is missing or has another shape than version-trace-parent-flags")
	case q.Method != http.MethodPost && len(q.body) > 0:
		return refuse(http.StatusBadRequest, "%s takes no body", q.Method)
	case q.Method == http.MethodPost && !idempotent(q.Header.Get("Idempotency-Key")):
		return refuse(http.StatusBadRequest, "a POST needs an Idempotency-Key of 1 to 255 visible ASCII characters")
	}
	return nil
}

func idempotent(key string) bool { return key != "" && len(key) <= 255 && visible(key) }

func (h *Hub) admitPerson(q *request) error {
	token, ok := strings.CutPrefix(q.Header.Get("Authorization"), "Bearer ")
	if ok {
		hash, now := tokenHash(token), h.now()
		h.read(func(s *state) {
			row := s.tokens[hash]
			if row != nil && now.Before(row.ExpiresAt) && s.users[row.UserID].Status != tenancy.StatusDeleted {
				q.user = row.UserID
			}
		})
	}
	if q.user == "" {
		return refuse(http.StatusUnauthorized, "the access token is missing, wrong or expired")
	}
	return nil
}

// decode reads a body strictly: one JSON object, no field that is not known.
func (q *request) decode(into any) error {
	decoder := json.NewDecoder(bytes.NewReader(q.body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		if errors.Is(err, io.EOF) {
			return refuse(http.StatusBadRequest, "the body is empty: a JSON object is needed")
		}
		return refuse(http.StatusBadRequest, "the body is not what the contract says").with(err.Error())
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return refuse(http.StatusBadRequest, "something follows the JSON object")
	}
	return nil
}

// visible reports whether a text is visible ASCII.
func visible(text string) bool {
	for i := range len(text) {
		if text[i] <= ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}
