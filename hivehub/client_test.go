package hivehub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hivellm/nexus/tenancy"
)

const keyID = "0123456789abcdef"

const keyJSON = `{"key_id":"0123456789abcdef","user_id":"u1","name":"n","environment":"live",
	"secret_sha256":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","more":{"x":1}}`

func TestClient_TriesAgainWhatMayPass(t *testing.T) {
	for name, c := range map[string]struct {
		say   func(*http.Request) (int, string, error)
		tries int
		kind  error
	}{
		"500":        {always(500, `{"error":"x"}`), MaxTries, ErrHTTP},
		"503":        {always(503, `garbage`), MaxTries, ErrServiceUnavailable},
		"network":    {func(*http.Request) (int, string, error) { return 0, "", io.ErrUnexpectedEOF }, MaxTries, ErrHTTP},
		"slow":       {slow, MaxTries, ErrHTTP},
		"400":        {always(400, `{"error":"x"}`), 1, ErrBadRequest},
		"401":        {always(401, ``), 1, ErrAuthentication},
		"403":        {always(403, ``), 1, ErrAuthentication},
		"404":        {always(404, ``), 1, ErrNotFound},
		"409":        {always(409, ``), 1, ErrValidation},
		"418":        {always(418, ``), 1, ErrBadRequest},
		"422":        {always(422, ``), 1, ErrValidation},
		"429":        {always(429, ``), 1, ErrQuotaExceeded},
		"402":        {always(402, ``), 1, ErrQuotaExceeded},
		"redirect":   {always(302, ``), 1, ErrHTTP},
		"odd status": {always(199, ``), 1, ErrUnknown},
		"empty":      {always(200, ``), 1, ErrSerialization},
		"garbage":    {always(200, `<html>`), 1, ErrSerialization},
		"two values": {always(200, `{} {}`), 1, ErrSerialization},
		"a list":     {always(200, `[]`), 1, ErrSerialization},
		"too long":   {always(200, `{"user_id":"`+strings.Repeat("x", MaxBody)+`"}`), 1, ErrSerialization},
		"other user": {always(200, `{"user_id":"u2"}`), 1, ErrWrongTenant},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, hub := clientOf(t, c.say)
				defer client.Close()
				began := time.Now()
				_, err := client.UserQuota(t.Context(), "u1")
				if !errors.Is(err, c.kind) {
					t.Errorf("%v is not %v", err, c.kind)
				}
				if hub.count() != c.tries {
					t.Errorf("tried %d times, not %d", hub.count(), c.tries)
				}
				var failed *CallError
				if !errors.As(err, &failed) || failed.Call != "GET /api/internal/nexus/user/{userId}/quota" {
					t.Errorf("the error does not name its call: %v", err)
				}
				if took, most := time.Since(began), 3*DefaultTimeout+3*maxPause; took > most {
					t.Errorf("took %s, at most %s is promised", took, most)
				}
				if strings.Contains(fmt.Sprintf("%v %+v %s", err, client, client.key), "service-key-of-tests") {
					t.Error("the service key is printed")
				}
			})
		})
	}
}

func TestClient_RecoversWithinACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		client, hub := clientOf(t, func(*http.Request) (int, string, error) {
			if n++; n < 3 {
				return 502, "", nil
			}
			return 200, `{"accepted_seq":7}`, nil
		})
		defer client.Close()
		seq, err := client.ReportUsage(t.Context(), UsageReport{ClusterID: "c", UserID: "u1", Period: "2026-11", Seq: 7})
		if err != nil || seq != 7 {
			t.Fatal(seq, err)
		}
		first := hub.seen[0].Header
		for _, r := range hub.seen {
			for name, want := range map[string]string{
				"Authorization": "Bearer service-key-of-tests", "X-Service-Name": "nexus", "Content-Type": "application/json",
				"Idempotency-Key": first.Get("Idempotency-Key"), "Traceparent": first.Get("Traceparent"),
			} {
				if got := r.Header.Get(name); got != want || got == "" {
					t.Errorf("%s: %q, not %q", name, got, want)
				}
			}
		}
		if client.CallsSent() != 3 || client.Calls()[callUsage].Failures != 2 || client.Breaker() != BreakerClosed {
			t.Errorf("counted %+v", client.Calls())
		}
	})
}

func TestClient_RefusesAnswersThatSayLessThanAsked(t *testing.T) {
	ctx := t.Context()
	report := UsageReport{ClusterID: "c", UserID: "u1", Period: "2026-11", Seq: 7}
	for name, c := range map[string]struct {
		body string
		ask  func(*Client) error
		kind error
	}{
		"usage without seq":  {`{}`, func(c *Client) error { _, err := c.ReportUsage(ctx, report); return err }, ErrSerialization},
		"usage of below":     {`{"accepted_seq":6}`, func(c *Client) error { _, err := c.ReportUsage(ctx, report); return err }, ErrSerialization},
		"usage of another":   {`{"accepted_seq":7,"user_id":"u2"}`, func(c *Client) error { _, err := c.ReportUsage(ctx, report); return err }, ErrWrongTenant},
		"another's database": {`{"user_id":"u2","quota":{}}`, func(c *Client) error { _, err := c.UserDatabases(ctx, "u1"); return err }, ErrWrongTenant},
		"nobody's database":  {`{"quota":{}}`, func(c *Client) error { _, err := c.UserDatabases(ctx, "u1"); return err }, ErrWrongTenant},
		"another key":        {strings.Replace(keyJSON, keyID, "fedcba9876543210", 1), func(c *Client) error { _, err := c.Key(ctx, keyID); return err }, ErrWrongTenant},
		"operator key":       {strings.Replace(keyJSON, `"name"`, `"role":"operator","name"`, 1), func(c *Client) error { _, err := c.Key(ctx, keyID); return err }, ErrSerialization},
		"no users":           {`{"next":"a"}`, func(c *Client) error { _, err := c.Users(ctx, ""); return err }, ErrSerialization},
		"no next":            {`{"keys":[]}`, func(c *Client) error { _, err := c.Keys(ctx, ""); return err }, ErrSerialization},
		"no health":          {`{}`, func(c *Client) error { return c.Health(ctx) }, ErrSerialization},
		"quota below zero":   {`{"max_nodes":-1}`, func(c *Client) error { _, err := c.UserQuota(ctx, "u1"); return err }, ErrSerialization},
		"quota of words":     {`{"burst":"many"}`, func(c *Client) error { _, err := c.UserQuota(ctx, "u1"); return err }, ErrSerialization},
		"unknown status":     {`{"status":"frozen"}`, func(c *Client) error { _, err := c.UserQuota(ctx, "u1"); return err }, ErrSerialization},
		"sent: no user":      {`{}`, func(c *Client) error { _, err := c.UserQuota(ctx, ".."); return err }, ErrValidation},
		"sent: no key id":    {`{}`, func(c *Client) error { _, err := c.Key(ctx, "x/y"); return err }, ErrValidation},
		"sent: no seq": {`{}`, func(c *Client) error {
			_, err := c.ReportUsage(ctx, UsageReport{UserID: "u", Period: "2026-13"})
			return err
		}, ErrValidation},
		"sent: no audit":    {`{}`, func(c *Client) error { return c.ReportAudit(ctx, AuditCheckpoint{}) }, ErrValidation},
		"sent: long cursor": {`{}`, func(c *Client) error { _, err := c.Users(ctx, Cursor(strings.Repeat("x", 999))); return err }, ErrValidation},
	} {
		t.Run(name, func(t *testing.T) {
			client, _ := clientOf(t, always(200, c.body))
			defer client.Close()
			if err := c.ask(client); !errors.Is(err, c.kind) {
				t.Errorf("%v is not %v", err, c.kind)
			}
		})
	}
}

func TestClient_BreakerOpensAfterFiveAndTriesOnceAfterFiveSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, hub := clientOf(t, always(500, ""))
		defer client.Close()
		ask := func() error { return client.Health(t.Context()) }
		_ = ask()
		if err := ask(); !errors.Is(err, ErrBreakerOpen) || !errors.Is(err, ErrServiceUnavailable) || hub.count() != BreakerAfter {
			t.Fatalf("%v after %d tries", err, hub.count())
		}
		if err := ask(); !errors.Is(err, ErrBreakerOpen) || hub.count() != BreakerAfter || client.Breaker() != BreakerOpen {
			t.Fatalf("an open breaker let a try go: %v", err)
		}
		time.Sleep(BreakerDelay)
		if client.Breaker() != BreakerHalfOpen {
			t.Fatal("not half-open after its delay")
		}
		if err := ask(); !errors.Is(err, ErrBreakerOpen) || hub.count() != BreakerAfter+1 {
			t.Fatalf("half-open: %v after %d tries", err, hub.count())
		}
		time.Sleep(BreakerDelay)
		hub.say = always(404, "") // an answer, whatever it says, is a sign of life
		if err := ask(); !errors.Is(err, ErrNotFound) || client.Breaker() != BreakerClosed {
			t.Fatalf("%v, %s", err, client.Breaker())
		}
	})
}

func TestClient_CallerWhoLeavesSaysNothingOfTheHub(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, _ := clientOf(t, slow)
		defer client.Close()
		for range 2 * BreakerAfter {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			err := client.Health(ctx)
			cancel()
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Fatal(err)
			}
		}
		if client.Breaker() != BreakerClosed {
			t.Error("callers' deadlines opened the breaker")
		}
	})
}

func TestClient_OneQuestionPerKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answered := make(chan struct{})
		client, hub := clientOf(t, func(r *http.Request) (int, string, error) {
			select {
			case <-answered:
				return 200, keyJSON, nil
			case <-r.Context().Done():
				return 0, "", r.Context().Err()
			}
		})
		defer client.Close()
		var all sync.WaitGroup
		for i := range 50 {
			all.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if i == 0 {
					cancel() // the first one leaves: the others still get their answer
				}
				if _, err := client.Key(ctx, keyID); (err != nil) != (i == 0) {
					t.Error(i, err)
				}
			})
		}
		synctest.Wait()
		close(answered)
		all.Wait()
		if hub.count() != 1 {
			t.Errorf("%d questions for one key", hub.count())
		}
	})
}

func TestClient_CloseEndsWhatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, _ := clientOf(t, slow)
		errs := make(chan error, 2)
		go func() { errs <- client.Health(context.Background()) }()
		go func() { _, err := client.Key(context.Background(), keyID); errs <- err }()
		synctest.Wait()
		began := time.Now()
		client.Close()
		client.Close()
		for range 2 {
			if err := <-errs; err == nil {
				t.Error("a call survived Close")
			}
		}
		if time.Since(began) != 0 {
			t.Error("Close waited for a timeout")
		}
		if err := client.Health(context.Background()); !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
		if _, err := client.Key(context.Background(), keyID); !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
	}) // a goroutine that is left fails the bubble
}

func TestClient_SettingsThatCannotWork(t *testing.T) {
	key := tenancy.NewSecret("service-key-of-tests")
	for _, c := range []Config{
		{ServiceKey: key}, {URL: "hub", ServiceKey: key}, {URL: "ftp://hub", ServiceKey: key}, {URL: "http://u:p@hub", ServiceKey: key},
		{URL: "http://hub?x=1", ServiceKey: key}, {URL: "http://hub#x", ServiceKey: key}, {URL: "http://%zz", ServiceKey: key},
		{URL: "http://hub"}, {URL: "http://hub", ServiceKey: tenancy.NewSecret("two words")}, {URL: "http://hub", ServiceKey: key, Timeout: -1},
	} {
		if _, err := New(c); !errors.Is(err, ErrConfiguration) {
			t.Errorf("%+v: %v", c, err)
		} else if strings.Contains(err.Error(), "u:p") {
			t.Error("a password is printed")
		}
	}
}

// TestClient_OverARealNetwork: what virtual time leaves out, the transport itself.
func TestClient_OverARealNetwork(t *testing.T) {
	var logged strings.Builder
	elsewhere := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/base/health":
			_, _ = io.WriteString(w, `{"status":"ok"}`)
		case "/base/api/internal/nexus/user/a b%2F/databases", "/base/api/internal/nexus/user/a b//databases":
			_, _ = io.WriteString(w, `{"user_id":"a b/","quota":{"plan":"pro","status":"active"},"databases":["default"]}`)
		case "/base/api/internal/nexus/audit":
			w.WriteHeader(http.StatusNoContent)
		case "/elsewhere":
			elsewhere++
		default:
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}
	}))
	defer server.Close()
	c, err := New(Config{URL: server.URL + "/base/", ServiceKey: tenancy.NewSecret("service-key-of-tests"), Logger: slog.New(slog.NewTextHandler(&logged, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Health(t.Context()); err != nil || logged.Len() != 0 {
		t.Errorf("%v, logged %q", err, logged.String())
	}
	if got, err := c.UserDatabases(t.Context(), "a b/"); err != nil || got.Quota.Plan != "pro" || got.Quota.UserID != "a b/" {
		t.Errorf("%+v %v", got, err)
	}
	if err := c.ReportAudit(t.Context(), AuditCheckpoint{ClusterID: "c", NodeID: "n", Seq: 1, Root: "r", Signature: "s"}); err != nil {
		t.Error(err)
	}
	if err := c.ReportAudit(t.Context(), AuditCheckpoint{ClusterID: "c", NodeID: "n", Seq: 1, Root: strings.Repeat("r", MaxBody), Signature: "s"}); !errors.Is(err, ErrValidation) {
		t.Errorf("a body that is too long: %v", err)
	}
	if _, err := c.UserQuota(t.Context(), "u1"); !errors.Is(err, ErrHTTP) || elsewhere != 0 {
		t.Errorf("a redirect was followed: %v", err)
	}
	far, err := New(Config{URL: "http://hub.example.org", ServiceKey: tenancy.NewSecret("service-key-of-tests"), Logger: slog.New(slog.NewTextHandler(&logged, nil))})
	if err != nil || !strings.Contains(logged.String(), "clear text") || strings.Contains(logged.String(), "service-key-of-tests") {
		t.Errorf("%v, logged %q", err, logged.String())
	}
	far.Close()
}
