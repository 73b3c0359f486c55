package hivehub

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hivellm/nexus/tenancy"
)

// stage is a reconciler, its machine and a hub that says what a test says: path → answer.
type stage struct {
	*Reconciler
	machine *fakeMachine
	client  *Client
	hub     *fakeHub

	mu      sync.Mutex
	answers map[string]string // path and query → body; "" or missing is a 404
	down    int               // a status that all calls get, 0 for none
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{machine: newFakeMachine(), answers: map[string]string{}}
	s.client, s.hub = clientOf(t, s.say)
	s.set("/api/internal/nexus/users?since=", `{"users":[],"next":""}`)
	s.set("/api/internal/nexus/keys?since=", `{"keys":[],"next":""}`)
	var err error
	s.Reconciler, err = NewReconciler(ReconcilerConfig{Client: s.client, Machine: s.machine, Proposer: s.machine})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *stage) set(path, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[path] = body
}

func (s *stage) fail(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = status
}

func (s *stage) say(r *http.Request) (int, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != 0 {
		return s.down, `{"error":"down"}`, nil
	}
	body, ok := s.answers[r.URL.RequestURI()]
	if !ok {
		return 404, `{"error":"none"}`, nil
	}
	if body == "400" {
		return 400, `{"error":"bad cursor"}`, nil
	}
	return 200, body, nil
}

// run runs the reconciler for as long as the test wants.
func (s *stage) run(t *testing.T) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	synctest.Wait()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		s.client.Close()
	}
}

func userJSON(id, plan string, version int, more string) string {
	return fmt.Sprintf(`{"user_id":%q,"plan":%q,"status":"active","quota":{"limit_version":%d%s}}`, id, plan, version, more)
}

func TestReconciler_PullsUsersKeysAndMovesCursorsWithThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.set("/api/internal/nexus/users?since=", `{"users":[`+userJSON("u1", "pro", 3, `,"max_nodes":7,"max_relationships":null`)+`],"next":"a"}`)
		s.set("/api/internal/nexus/users?since=a", `{"users":[],"next":"a"}`)
		s.set("/api/internal/nexus/keys?since=", `{"keys":[`+keyJSON+`],"next":"k"}`)
		s.set("/api/internal/nexus/keys?since=k", `{"keys":[],"next":"k"}`)
		stop := s.run(t)
		defer stop()
		user, _ := s.machine.User("u1")
		pro, _ := tenancy.LookupPlan("pro")
		want := pro.Limits
		want.MaxNodes, want.MaxRelationships = tenancy.LimitOf(7), tenancy.NoLimit()
		if user.Limits != want || user.LimitVersion != 3 || user.Plan != "pro" || user.Status != tenancy.StatusActive {
			t.Errorf("%+v", user)
		}
		key, ok := s.machine.Key(keyID)
		if !ok || key.UserID != "u1" || !key.Functions.Absent() || key.Kind != tenancy.KeyLive {
			t.Errorf("%+v", key)
		}
		if s.machine.Cursors() != (Cursors{"a", "k"}) || s.Status().State != StateFresh {
			t.Errorf("%+v %+v", s.machine.Cursors(), s.Status())
		}
		// The steady state: two calls a poll, an entry in the log every 20 s, no more.
		entries, calls := len(s.machine.log()), s.client.CallsSent()
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if made := len(s.machine.log()) - entries; made < 15 || made > 31 {
			t.Errorf("%d log entries in ten idle minutes", made)
		}
		if sent := s.client.CallsSent() - calls; sent < 90 || sent > 160 {
			t.Errorf("%d calls in ten idle minutes", sent)
		} else {
			t.Logf("idle: %.1f calls a minute; at 100 requests a second %.2f calls per 1 000 requests", float64(sent)/10, float64(sent)/60)
		}
	})
}

func TestReconciler_OlderTwiceAndOutOfOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		// In one page: newer before older, and twice.
		s.set("/api/internal/nexus/users?since=", `{"users":[`+userJSON("u1", "pro", 5, "")+`,`+userJSON("u1", "free", 4, "")+`,`+userJSON("u1", "pro", 5, "")+`],"next":"a"}`)
		s.set("/api/internal/nexus/users?since=a", `{"users":[`+userJSON("u1", "enterprise", 2, "")+`,`+userJSON("u1", "enterprise", 5, "")+`],"next":"b"}`)
		s.set("/api/internal/nexus/users?since=b", `{"users":[`+userJSON("u1", "enterprise", 5, `,"period":"2026-12"`)+`],"next":"c"}`)
		s.set("/api/internal/nexus/users?since=c", `{"users":[`+userJSON("u1", "free", 6, `,"period":"2026-11"`)+`],"next":"d"}`)
		s.set("/api/internal/nexus/users?since=d", `{"users":[],"next":"d"}`)
		stop := s.run(t)
		defer stop()
		user, _ := s.machine.User("u1")
		if user.Plan != "free" || user.LimitVersion != 6 || user.Period != "2026-12" {
			t.Errorf("%+v", user)
		}
		var plans []string
		for _, c := range s.machine.log() {
			for _, u := range c.Users {
				plans = append(plans, fmt.Sprint(u.Plan, u.LimitVersion, u.Period))
			}
		}
		if got := strings.Join(plans, " "); got != "pro5 enterprise52026-12 free62026-12" {
			t.Errorf("proposed %s", got)
		}
	})
}

func TestReconciler_GapsNeverBecomeNoLimit(t *testing.T) {
	free, _ := tenancy.LookupPlan(FallbackPlan)
	for _, plan := range []string{"", "platinum"} {
		row := rowOfQuota(&Quota{UserID: "u", Plan: plan, MaxNodes: tenancy.LimitOf(3)})
		want := free.Limits
		want.MaxNodes = tenancy.LimitOf(3)
		if row.Limits != want || !row.Limits.Resolved() || row.Plan == "" {
			t.Errorf("%q: %+v", plan, row)
		}
	}
	if !nothing().Resolved() || nothing().MaxNodes.Allows(1) {
		t.Error("nothing allows something")
	}
}

func TestReconciler_KeysThatMustNotBeTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		revoked := strings.Replace(keyJSON, `"name"`, `"revoked_at":"2026-11-01T00:00:00Z","name"`, 1)
		s.set("/api/internal/nexus/users?since=", `{"users":[`+userJSON("u1", "pro", 1, "")+`,`+userJSON("u2", "pro", 1, "")+`],"next":"a"}`)
		s.set("/api/internal/nexus/users?since=a", `{"users":[],"next":"a"}`)
		s.set("/api/internal/nexus/keys?since=", `{"keys":[`+revoked+`],"next":"1"}`)
		s.set("/api/internal/nexus/keys?since=1", `{"keys":[`+keyJSON+`,`+ // not revoked any more: stays revoked
			strings.Replace(keyJSON, `"u1"`, `"u2"`, 1)+`,`+ // another owner
			strings.Replace(keyJSON, `aaaa`, `bbbb`, 1)+`,`+ // another secret
			strings.NewReplacer(`"u1"`, `"u9"`, keyID, "ffffffffffffffff").Replace(keyJSON)+`],"next":"2"}`) // a user nobody knows
		s.set("/api/internal/nexus/keys?since=2", `{"keys":[],"next":"2"}`)
		stop := s.run(t)
		defer stop()
		key, _ := s.machine.Key(keyID)
		if key.RevokedAtMs == 0 || key.UserID != "u1" || key.SecretSHA256.String()[:4] != "aaaa" {
			t.Errorf("%+v", key)
		}
		if _, ok := s.machine.Key("ffffffffffffffff"); ok || s.Status().Counts.Refused != 3 || s.machine.Cursors().Keys != "2" {
			t.Errorf("%+v", s.Status().Counts)
		}
	})
}

func TestReconciler_KeyOfAUserMadeMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.set("/api/internal/nexus/keys?since=", `{"keys":[`+keyJSON+`],"next":"k"}`)
		s.set("/api/internal/nexus/keys?since=k", `{"keys":[],"next":"k"}`)
		s.set("/api/internal/nexus/user/u1/quota", `{"limit_version":1,"plan":"pro","status":"active"}`)
		stop := s.run(t)
		defer stop()
		if _, ok := s.machine.Key(keyID); !ok {
			t.Error("the key is lost: the cursor has passed it")
		}
	})
}

func TestReconciler_ForeignCursorBeginsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.machine.cursors = Cursors{"old", "old"}
		s.set("/api/internal/nexus/users?since=old", "400")
		s.set("/api/internal/nexus/keys?since=old", "400")
		s.set("/api/internal/nexus/users?since=", `{"users":[`+userJSON("u1", "pro", 1, "")+`],"next":"new"}`)
		s.set("/api/internal/nexus/users?since=new", `{"users":[],"next":"new"}`)
		stop := s.run(t)
		defer stop()
		if _, ok := s.machine.User("u1"); !ok || s.machine.Cursors() != (Cursors{"new", ""}) || s.Status().State != StateFresh {
			t.Errorf("%+v %+v", s.machine.Cursors(), s.Status())
		}
	})
}

func TestReconciler_FreshStaleExpiredAndBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		stop := s.run(t)
		defer stop()
		for _, status := range []int{500, 200} { // 500, and then garbage
			s.fail(status)
			if s.Status().State != StateFresh {
				t.Fatal(s.Status())
			}
			time.Sleep(2 * time.Minute)
			if s.Status().State != StateStale {
				t.Errorf("two minutes down: %+v", s.Status())
			}
			time.Sleep(24 * time.Hour)
			if s.Status().State != StateExpired {
				t.Errorf("a day down: %+v", s.Status())
			}
			s.fail(0)
			time.Sleep(20 * time.Second)
			synctest.Wait()
		}
		if s.Status().State != StateFresh {
			t.Errorf("back: %+v", s.Status())
		}
	})
}

func TestReconciler_PullNowIsDoneBeforeItIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		if err := s.PullNow(t.Context()); !errors.Is(err, ErrNotRunning) {
			t.Error(err)
		}
		s.hub.say = func(r *http.Request) (int, string, error) {
			time.Sleep(10 * time.Millisecond)
			return s.say(r)
		}
		stop := s.run(t)
		time.Sleep(100 * time.Millisecond)
		s.set("/api/internal/nexus/users?since=", `{"users":[`+userJSON("u1", "pro", 1, "")+`],"next":"a"}`)
		s.set("/api/internal/nexus/users?since=a", `{"users":[],"next":"a"}`)
		began := time.Now()
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				if err := s.PullNow(t.Context()); err != nil {
					t.Error(err)
				}
				if _, ok := s.machine.User("u1"); !ok {
					t.Error("answered before it was pulled")
				}
			})
		}
		all.Wait()
		if time.Since(began) > time.Second {
			t.Error("it waited for the poll")
		}
		if pulls := s.Status().Counts.Pulls; pulls > 4 {
			t.Errorf("%d pulls for a hundred who came together", pulls)
		}
		s.fail(503)
		if err := s.PullNow(t.Context()); !errors.Is(err, ErrServiceUnavailable) {
			t.Errorf("a hub that is down: %v", err)
		}
		if err := s.Run(t.Context()); !errors.Is(err, ErrConfiguration) {
			t.Errorf("it runs twice: %v", err)
		}
		stop()
		if err := s.PullNow(t.Context()); !errors.Is(err, ErrNotRunning) {
			t.Error(err)
		}
	})
}

func TestReconciler_ReportsCumulativeTotalsUntilTheyAreTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		taken := map[string]UsageReport{}
		var mu sync.Mutex
		s.hub.say = func(r *http.Request) (int, string, error) {
			if r.Method != http.MethodPost {
				return s.say(r)
			}
			var report UsageReport
			body := make([]byte, r.ContentLength)
			_, _ = r.Body.Read(body)
			if err := decodeOne(body, &report); err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if known := taken[report.UserID]; report.Seq > known.Seq {
				taken[report.UserID] = report
			}
			s.mu.Lock()
			down := s.down
			s.mu.Unlock()
			if down != 0 {
				return down, "", nil // it was done, and its answer says that it was not
			}
			return 200, fmt.Sprintf(`{"accepted_seq":%d}`, taken[report.UserID].Seq), nil
		}
		stop := s.run(t)
		total := map[string]uint64{}
		for round := range uint64(60) {
			for _, user := range []string{"u1", "u2", "u3"} {
				s.machine.spend(user, "2026-11", round)
				total[user] += round
			}
			s.fail([]int{0, 500, 0, 503}[round%4])
			s.machine.mu.Lock()
			s.machine.loseAcks = round%3 == 0
			s.machine.mu.Unlock()
			time.Sleep(30 * time.Second)
		}
		s.fail(0)
		s.machine.mu.Lock()
		s.machine.loseAcks = false
		s.machine.mu.Unlock()
		s.ReportNow()
		time.Sleep(10 * time.Second)
		s.ReportNow()
		synctest.Wait()
		if s.machine.waiting() != 0 {
			t.Errorf("%d reports wait", s.machine.waiting())
		}
		for user, want := range total {
			if got := taken[user].Totals.Requests; got != want {
				t.Errorf("%s: billed %d, used %d", user, got, want)
			}
		}
		stop()
	})
}

func TestReconciler_OneRefusedReportStopsNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.hub.say = func(r *http.Request) (int, string, error) {
			if r.Method != http.MethodPost {
				return s.say(r)
			}
			body := make([]byte, r.ContentLength)
			_, _ = r.Body.Read(body)
			if strings.Contains(string(body), `"user-0"`) {
				return 422, `{"error":"no"}`, nil
			}
			return 200, `{"accepted_seq":9}`, nil
		}
		for i := range MaxAcks + 10 { // more than one batch
			s.machine.spend(fmt.Sprintf("user-%d", i), "2026-11", 1)
		}
		stop := s.run(t)
		defer stop()
		if left := s.machine.Outbox(OutboxPlace{}, 9999); len(left) != 1 || left[0].UserID != "user-0" {
			t.Errorf("%d reports wait", len(left))
		}
		for _, c := range s.machine.log() {
			if len(c.Acks) > MaxAcks {
				t.Errorf("%d acks in one change", len(c.Acks))
			}
		}
	})
}

func TestReconciler_PeriodsThatEndedAreAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		now := time.Now()
		resets := now.Add(time.Hour).UTC().Format(time.RFC3339)
		s.set("/api/internal/nexus/users?since=", `{"users":[`+userJSON("u1", "pro", 1, `,"period":"2026-11","resets_at":"`+resets+`"`)+`],"next":"a"}`)
		s.set("/api/internal/nexus/users?since=a", `{"users":[],"next":"a"}`)
		s.set("/api/internal/nexus/user/u1/quota", `{"limit_version":1,"plan":"pro","period":"2026-12","resets_at":"2099-01-01T00:00:00Z"}`)
		stop := s.run(t)
		defer stop()
		time.Sleep(59 * time.Minute)
		if user, _ := s.machine.User("u1"); user.Period != "2026-11" {
			t.Errorf("%+v", user)
		}
		time.Sleep(2 * time.Minute)
		if user, _ := s.machine.User("u1"); user.Period != "2026-12" {
			t.Errorf("%+v", user)
		}
	})
}

func TestReconciler_LearnsAKeyOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		if err := s.Learn(t.Context(), keyID); !errors.Is(err, ErrNotRunning) {
			t.Error(err)
		}
		stop := s.run(t)
		s.set("/api/internal/nexus/keys/"+keyID, keyJSON)
		s.set("/api/internal/nexus/user/u1/quota", `{"limit_version":1,"plan":"pro"}`)
		before := s.client.Calls()[callKey].Tries
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if err := s.Learn(t.Context(), keyID); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if _, ok := s.machine.Key(keyID); !ok || s.client.Calls()[callKey].Tries-before != 1 {
			t.Errorf("%d questions", s.client.Calls()[callKey].Tries-before)
		}
		if err := s.Learn(t.Context(), "x"); !errors.Is(err, ErrValidation) {
			t.Error(err)
		}
		// A key that the hub does not know is asked for once a minute, and no more than twenty a second are.
		const unknown = "zzzzzzzzzzzzzzzz"
		before = s.client.Calls()[callKey].Tries
		for range 59 {
			if err := s.Learn(t.Context(), unknown); !errors.Is(err, ErrNotFound) {
				t.Error(err)
			}
			time.Sleep(time.Second)
		}
		if n := s.client.Calls()[callKey].Tries - before; n != 1 {
			t.Errorf("%d questions in a minute", n)
		}
		time.Sleep(2 * time.Second)
		before = s.client.Calls()[callKey].Tries
		refused := 0
		for i := range 1_000 {
			if err := s.Learn(t.Context(), fmt.Sprintf("%016d", i)); errors.Is(err, ErrTooManyQuestions) {
				refused++
			}
		}
		if n := s.client.Calls()[callKey].Tries - before; n != ClusterQuestions || refused != 1_000-ClusterQuestions {
			t.Errorf("%d questions in a second, %d refused", n, refused)
		}
		stop()
		if err := s.Learn(t.Context(), unknown); !errors.Is(err, ErrNotRunning) {
			t.Error(err)
		}
	})
}

func TestReconciler_SettingsThatCannotWork(t *testing.T) {
	s := newStage(t)
	defer s.client.Close()
	good := ReconcilerConfig{Client: s.client, Machine: s.machine, Proposer: s.machine}
	for i, change := range []func(*ReconcilerConfig){
		func(c *ReconcilerConfig) { c.Client = nil }, func(c *ReconcilerConfig) { c.Machine = nil }, func(c *ReconcilerConfig) { c.Proposer = nil },
		func(c *ReconcilerConfig) { c.Poll = -1 }, func(c *ReconcilerConfig) { c.Windows = Windows{Fresh: time.Hour, Stale: time.Minute} },
	} {
		bad := good
		change(&bad)
		if _, err := NewReconciler(bad); !errors.Is(err, ErrConfiguration) {
			t.Errorf("%d: %v", i, err)
		}
	}
}

func TestReconciler_AProposalThatFailsMovesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.set("/api/internal/nexus/users?since=", `{"users":[`+userJSON("u1", "pro", 1, "")+`],"next":"a"}`)
		s.set("/api/internal/nexus/users?since=a", `{"users":[],"next":"a"}`)
		s.machine.refuse = errors.New("no leader")
		stop := s.run(t)
		defer stop()
		if _, ok := s.machine.User("u1"); ok || s.machine.Cursors() != (Cursors{}) || s.Status().State != StateExpired {
			t.Errorf("%+v", s.Status())
		}
		s.machine.mu.Lock()
		s.machine.refuse = nil
		s.machine.mu.Unlock()
		time.Sleep(13 * time.Second)
		synctest.Wait()
		if _, ok := s.machine.User("u1"); !ok || s.Status().State != StateFresh {
			t.Errorf("%+v", s.Status())
		}
	})
}

func TestRows_MoveForwardOnly(t *testing.T) {
	known := UserRow{UserID: "u", Plan: "pro", LimitVersion: 0, Period: "2026-11"}
	other := known
	other.Plan = "free"
	if known.Supersedes(known) || !other.Supersedes(known) || other.Over(known) != other || known.Over(known) != known {
		t.Error("where a hub counts no versions, any difference counts")
	}
	other = known
	other.Period = "2026-10"
	if other.Supersedes(known) {
		t.Error("a period went back")
	}
	newer := UserRow{UserID: "u", LimitVersion: 2}
	if known.Supersedes(newer) || known.Over(newer) != newer {
		t.Error("no version superseded one")
	}
}

// TestReconciler_LargeAndEndlessPages: a hub whose cursor moves for ever does not hold the reconciler, and many rows of one
// page travel in changes that are small enough.
func TestReconciler_LargeAndEndlessPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		var users, keys []string
		for i := range 2*MaxChangeRows + 5 {
			users = append(users, fmt.Sprintf(`{"user_id":"u%d"}`, i))
			keys = append(keys, strings.NewReplacer(`"u1"`, fmt.Sprintf(`"u%d"`, i), keyID, fmt.Sprintf("%016d", i)).Replace(keyJSON))
		}
		s.set("/api/internal/nexus/users?since=", `{"users":[`+strings.Join(users, ",")+`],"next":"a"}`)
		s.set("/api/internal/nexus/users?since=a", `{"users":[],"next":"a"}`)
		s.set("/api/internal/nexus/keys?since=", `{"keys":[`+strings.Join(keys, ",")+`],"next":"k"}`)
		s.set("/api/internal/nexus/keys?since=k", `{"keys":[],"next":"k"}`)
		stop := s.run(t)
		if s.machine.size() != [2]int{len(users), len(keys)} || s.machine.Cursors() != (Cursors{"a", "k"}) {
			t.Errorf("users and keys: %d", s.machine.size())
		}
		for i, c := range s.machine.log() {
			if len(c.Users) > MaxChangeRows || len(c.Keys) > MaxChangeRows {
				t.Errorf("change %d has %d users and %d keys", i, len(c.Users), len(c.Keys))
			}
		}
		page := 0
		s.hub.answer(func(r *http.Request) (int, string, error) {
			page++
			return 200, fmt.Sprintf(`{"users":[{"user_id":7}],"keys":[{}],"next":"p%d"}`, page), nil
		})
		if err := s.PullNow(t.Context()); !errors.Is(err, errManyPages) {
			t.Error(err)
		}
		stop()
	})
}

func TestReconciler_LearnsNothingThatContradicts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		stop := s.run(t)
		defer stop()
		s.set("/api/internal/nexus/keys/"+keyID, keyJSON) // of a user that the hub does not know
		if err := s.Learn(t.Context(), keyID); !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
		s.fail(500)
		if err := s.Learn(t.Context(), "zzzzzzzzzzzzzzzz"); !errors.Is(err, ErrHTTP) {
			t.Error(err)
		}
		s.fail(0)
		s.hub.answer(slow)
		ctx, cancel := context.WithTimeout(t.Context(), LearnWait)
		defer cancel()
		if err := s.Learn(ctx, "yyyyyyyyyyyyyyyy"); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}
