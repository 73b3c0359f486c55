package hivehub

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/hivellm/nexus/scripts/planted"
	"github.com/hivellm/nexus/tenancy"
)

const (
	// DefaultTimeout bounds one try.
	DefaultTimeout = 2 * time.Second
	// serviceName is what X-Service-Name says.
	serviceName = "nexus"
	// maxAnswerHeader bounds an answer's header, in bytes.
	maxAnswerHeader = 64 << 10
	// maxConnections bounds the connections to the hub.
	maxConnections = 16
	idleConnection = 60 * time.Second
)

// Config is what a client needs to know.
type Config struct {
	// URL is the hub's base, http or https.
	URL string
	// ServiceKey goes with every call and is never printed.
	ServiceKey tenancy.Secret
	// Timeout bounds one try; DefaultTimeout when 0.
	Timeout time.Duration
	// Transport replaces the network, for tests; nil for the network.
	Transport http.RoundTripper
	// Logger is told of a service key that travels in clear text; nil is silent.
	Logger *slog.Logger
}

// Client speaks to one hub. All methods may be called at the same time. Errors are [*CallError]; errors.Is finds their
// kind. Every call is bounded: three tries of Config.Timeout each and the pauses between them, or the caller's context.
type Client struct {
	base     *url.URL
	key      tenancy.Secret
	timeout  time.Duration
	http     *http.Client
	attempts *attempts
	flights  singleflight.Group
	counters [callCount]callCounter

	life context.Context // ends with Close
	end  context.CancelFunc
	mu   sync.Mutex     // guards closed, and running against a Wait that has begun
	shut bool           // Close was called
	work sync.WaitGroup // calls and flights under way
}

// New makes a client; nothing is sent. Errors are ErrConfiguration.
func New(config Config) (*Client, error) {
	base, err := parseBase(config.URL)
	if err != nil {
		return nil, err
	}
	if config.ServiceKey.IsZero() || !headerSafe(config.ServiceKey.Reveal()) {
		return nil, fmt.Errorf("%w: a hub needs a service key of visible ASCII without spaces", ErrConfiguration)
	}
	if config.Timeout < 0 {
		return nil, fmt.Errorf("%w: a timeout of %s", ErrConfiguration, config.Timeout)
	}
	if config.Timeout == 0 {
		config.Timeout = DefaultTimeout
	}
	if config.Transport == nil {
		config.Transport = newTransport()
	}
	if config.Logger != nil && base.Scheme == "http" && !loopback(base.Hostname()) {
		config.Logger.Warn("the hub's service key travels in clear text", "url", base.String())
	}
	c := &Client{
		base: base, key: config.ServiceKey, timeout: config.Timeout, attempts: newAttempts(),
		http: &http.Client{
			Transport: config.Transport,
			// A redirect is an answer like any other that is not 2xx: the service key goes to no other place.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	c.life, c.end = context.WithCancel(context.Background())
	return c, nil
}

func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: DefaultTimeout}).DialContext,
		TLSHandshakeTimeout:    DefaultTimeout,
		MaxConnsPerHost:        maxConnections,
		MaxIdleConnsPerHost:    maxConnections,
		IdleConnTimeout:        idleConnection,
		MaxResponseHeaderBytes: maxAnswerHeader,
		DisableCompression:     true, // an answer's bound is the bound of what is read
		ForceAttemptHTTP2:      true,
	}
}

// parseBase reads the hub's base URL.
func parseBase(text string) (*url.URL, error) {
	base, err := url.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%w: the hub's URL cannot be read", ErrConfiguration) // it may hold a password
	}
	switch {
	case base.Scheme != "http" && base.Scheme != "https", base.Hostname() == "":
		return nil, fmt.Errorf("%w: the hub's URL must be http://host or https://host", ErrConfiguration)
	case base.User != nil:
		return nil, fmt.Errorf("%w: the hub's URL must not hold a password: the service key has its own file", ErrConfiguration)
	case base.RawQuery != "" || base.Fragment != "":
		return nil, fmt.Errorf("%w: the hub's URL must not hold a query or a fragment", ErrConfiguration)
	}
	base.Path, base.RawPath = strings.TrimRight(base.Path, "/"), ""
	return base, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// headerSafe reports whether a text is visible ASCII.
func headerSafe(text string) bool {
	for i := range len(text) {
		if text[i] <= ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// Format prints a name and never the service key, whatever the verb.
func (c *Client) Format(state fmt.State, _ rune) { _, _ = state.Write([]byte("hivehub.Client")) }

// Close ends all calls and waits for them. It may be called more than once.
func (c *Client) Close() {
	c.mu.Lock()
	c.shut = true
	c.mu.Unlock()
	c.end()
	c.work.Wait()
	c.http.CloseIdleConnections()
}

// hold counts work that Close waits for; release ends it.
func (c *Client) hold() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.shut {
		return ErrClosed
	}
	c.work.Add(1)
	return nil
}

func (c *Client) release() { c.work.Done() }

// Health probes the hub. Its answer is nil when the hub says it is there.
func (c *Client) Health(ctx context.Context) error {
	var answer struct {
		Status string `json:"status"`
	}
	if err := c.ask(ctx, request{call: callHealth, path: "/health"}, &answer); err != nil {
		return err
	}
	if answer.Status == "" {
		return broken(callHealth, "no status")
	}
	return nil
}

// UserDatabases asks for a user's databases and quota.
func (c *Client) UserDatabases(ctx context.Context, userID string) (UserDatabases, error) {
	if err := CheckUserID(userID); err != nil {
		return UserDatabases{}, invalid(callUserDatabases, err)
	}
	var answer UserDatabases
	path := "/api/internal/nexus/user/" + url.PathEscape(userID) + "/databases"
	if err := c.ask(ctx, request{call: callUserDatabases, path: path}, &answer); err != nil {
		return UserDatabases{}, err
	}
	if answer.UserID != userID || answer.Quota.UserID != "" && answer.Quota.UserID != userID {
		return UserDatabases{}, wrongTenant(callUserDatabases, answer.UserID)
	}
	answer.Quota.UserID = userID
	if err := answer.Quota.check(); err != nil {
		return UserDatabases{}, broken(callUserDatabases, err.Error())
	}
	return answer, nil
}

// UserQuota asks for the quota of one user. The contract's quota object names no user; where an answer does, it must
// be the one asked for.
func (c *Client) UserQuota(ctx context.Context, userID string) (Quota, error) {
	if err := CheckUserID(userID); err != nil {
		return Quota{}, invalid(callUserQuota, err)
	}
	var answer Quota
	path := "/api/internal/nexus/user/" + url.PathEscape(userID) + "/quota"
	if err := c.ask(ctx, request{call: callUserQuota, path: path}, &answer); err != nil {
		return Quota{}, err
	}
	if answer.UserID != "" && answer.UserID != userID && !planted.On("hub-wrong-tenant") {
		return Quota{}, wrongTenant(callUserQuota, answer.UserID)
	}
	answer.UserID = userID
	if err := answer.check(); err != nil {
		return Quota{}, broken(callUserQuota, err.Error())
	}
	return answer, nil
}

// ReportUsage tells the hub a user's cumulative totals. It gives the highest sequence number that the hub holds for
// the cluster, user and period, which is never below the report's own; an answer that is, is an error.
func (c *Client) ReportUsage(ctx context.Context, report UsageReport) (uint64, error) {
	if err := report.check(); err != nil {
		return 0, invalid(callUsage, err)
	}
	var answer usageAccepted
	ask := request{
		call: callUsage, path: callTable[callUsage].path, body: report,
		idempotency: idempotency(report.ClusterID, report.UserID, report.Period, fmt.Sprint(report.Seq)),
	}
	if err := c.ask(ctx, ask, &answer); err != nil {
		return 0, err
	}
	switch {
	case answer.UserID != "" && answer.UserID != report.UserID:
		return 0, wrongTenant(callUsage, answer.UserID)
	case answer.AcceptedSeq == nil:
		return 0, broken(callUsage, "no accepted_seq")
	case *answer.AcceptedSeq < report.Seq:
		return 0, broken(callUsage, fmt.Sprintf("accepted_seq %d of a report with seq %d", *answer.AcceptedSeq, report.Seq))
	}
	return *answer.AcceptedSeq, nil
}

// Users asks for one page of the users that changed since a cursor. A page may be empty.
func (c *Client) Users(ctx context.Context, since Cursor) (Page[User], error) {
	return page(ctx, c, callUsers, since, decodeUsers)
}

// Keys asks for one page of the keys that changed since a cursor. A page may be empty.
func (c *Client) Keys(ctx context.Context, since Cursor) (Page[Key], error) {
	return page(ctx, c, callKeys, since, decodeKeys)
}

func page[Row any](ctx context.Context, c *Client, what call, since Cursor, decode func([]byte) (Page[Row], error)) (Page[Row], error) {
	if err := checkCursor(since); err != nil {
		return Page[Row]{}, invalid(what, err)
	}
	query := url.Values{"since": {string(since)}}
	data, err := c.do(ctx, request{call: what, path: callTable[what].path, query: query})
	if err != nil {
		return Page[Row]{}, err
	}
	decoded, err := decode(data)
	if err != nil {
		return Page[Row]{}, broken(what, err.Error())
	}
	return decoded, nil
}

// Key asks for one key. Questions for the same key that come together are one; each caller's own context bounds its
// own wait only.
func (c *Client) Key(ctx context.Context, keyID string) (Key, error) {
	if err := tenancy.CheckKeyID(keyID); err != nil {
		return Key{}, invalid(callKey, err)
	}
	if err := c.hold(); err != nil {
		return Key{}, &CallError{Call: callKey.String(), Kind: ErrClosed}
	}
	type outcome struct {
		key Key
		err error
	}
	done := make(chan outcome, 1)
	go func() {
		defer c.release()
		value, err, _ := c.flights.Do(keyID, func() (any, error) { return c.askKey(c.life, keyID) })
		key, _ := value.(Key)
		done <- outcome{key, err}
	}()
	select {
	case got := <-done:
		return got.key, got.err
	case <-ctx.Done():
		return Key{}, &CallError{Call: callKey.String(), Kind: ErrHTTP, Cause: context.Cause(ctx)}
	}
}

func (c *Client) askKey(ctx context.Context, keyID string) (Key, error) {
	var answer Key
	path := "/api/internal/nexus/keys/" + url.PathEscape(keyID)
	if err := c.ask(ctx, request{call: callKey, path: path}, &answer); err != nil {
		return Key{}, err
	}
	if answer.KeyID != keyID {
		return Key{}, wrongTenant(callKey, answer.KeyID)
	}
	if err := answer.check(); err != nil {
		return Key{}, broken(callKey, err.Error())
	}
	return answer, nil
}

// ReportAudit tells the hub a signed audit head. The answer's body does not matter.
func (c *Client) ReportAudit(ctx context.Context, checkpoint AuditCheckpoint) error {
	if checkpoint.ClusterID == "" || checkpoint.NodeID == "" || checkpoint.Root == "" || checkpoint.Signature == "" {
		return invalid(callAudit, fmt.Errorf("an audit checkpoint needs cluster_id, node_id, root and signature"))
	}
	_, err := c.do(ctx, request{
		call: callAudit, path: callTable[callAudit].path, body: checkpoint,
		idempotency: idempotency(checkpoint.ClusterID, checkpoint.NodeID, fmt.Sprint(checkpoint.Seq), checkpoint.Root),
	})
	return err
}

// check refuses a report the hub could not take.
func (r *UsageReport) check() error {
	if err := CheckUserID(r.UserID); err != nil {
		return err
	}
	if err := CheckPeriod(r.Period); err != nil {
		return err
	}
	if r.ClusterID == "" || r.Seq == 0 {
		return fmt.Errorf("a usage report needs a cluster_id and a seq from 1")
	}
	return nil
}

// idempotency makes a key from what a report is about: a resend has the same one.
func idempotency(parts ...string) string {
	sum := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(sum, "%d:%s", len(part), part)
	}
	return "nexus-" + hex.EncodeToString(sum.Sum(nil)[:16])
}

func wrongTenant(what call, answered string) error {
	return &CallError{Call: what.String(), Status: http.StatusOK, Message: clip(answered), Kind: ErrWrongTenant}
}

func broken(what call, message string) error {
	return &CallError{Call: what.String(), Status: http.StatusOK, Message: clip(message), Kind: ErrSerialization}
}

func invalid(what call, cause error) error {
	return &CallError{Call: what.String(), Kind: ErrValidation, Cause: cause}
}
