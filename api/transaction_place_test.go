package api_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/api/apitest"
)

// TestTransactions_Apart: what is another tenant's, another database's, or of a database that is gone.
func TestTransactions_Apart(t *testing.T) {
	c := apitest.Start(t, 3)
	for name, test := range map[string]func(*testing.T, *apitest.Cluster, string){
		"two databases":            txDatabases,
		"two tenants":              txTenants,
		"a database that is gone":  txDropped,
		"idle":                     txIdle,
		"a client that vanishes":   txVanished,
		"a commit and a transfer":  txTransfer,
		"too many steps are heard": txSteps,
	} {
		t.Run(name, func(t *testing.T) {
			_, key := c.Tenant(t, "apart "+name)
			for _, n := range c.Nodes {
				apitest.Authenticate(t, n, key)
			}
			test(t, c, key)
		})
	}
}

// wantSaid wants a code and words in its detail.
func wantSaid(t *testing.T, what string, err error, want api.Code, words string) {
	t.Helper()
	var e *api.Error
	if !errors.As(err, &e) || e.Code != want || !strings.Contains(e.Detail, words) {
		t.Errorf("%s: %v, want %s with %q", what, err, want, words)
	}
}

// database makes one and waits until every node knows it.
func database(t *testing.T, c *apitest.Cluster, key, name string) {
	t.Helper()
	p := apitest.Authenticate(t, c.Nodes[0], key)
	if _, err := c.Nodes[0].Service.CreateDatabase(t.Context(), p, name, nil); err != nil {
		t.Fatal(err)
	}
	for _, n := range c.Nodes {
		apitest.WaitFor(t, name, func() bool {
			_, err := ask(n, key, api.Request{Query: "RETURN 1 AS x", Database: name})
			return err == nil
		})
	}
}

func txDatabases(t *testing.T, c *apitest.Cluster, key string) {
	database(t, c, key, "other")
	in := func(database, query string) string {
		t.Helper()
		got, err := ask(c.Nodes[1], key, api.Request{Query: query, Database: database})
		if err != nil {
			t.Fatal(err)
		}
		return got.text()
	}
	for _, name := range []string{"default", "other"} {
		in(name, "CREATE (:Counter {of: '"+name+"', n: 0})")
	}
	const up, look = "MATCH (k:Counter) SET k.n = k.n + 1 RETURN k.of AS of, k.n AS n", "MATCH (k:Counter) RETURN k.of AS of, k.n AS n"
	here, there := mustBegin(t, c, key, api.TxSpec{}), mustBegin(t, c, key, api.TxSpec{Database: "other"})
	here.mustRun(t, up, `["default",1]`)
	there.mustRun(t, up, `["other",1]`)
	if got := in("other", up); got != `["other",1]` {
		t.Errorf("beside: %s", got)
	}
	here.mustCommit(t) // the same node's id of the other database changed: nobody's business here
	_, err := there.commit()
	wantSaid(t, "of what was changed there", err, api.CodeConflict, "was changed since it began")
	for name, want := range map[string]string{"default": `["default",1]`, "other": `["other",1]`} {
		if got := in(name, look); got != want {
			t.Errorf("%s holds %s", name, got)
		}
	}
	s := mustBegin(t, c, key, api.TxSpec{Database: "other"})
	n := s.node()
	_, err = n.Service.TxCypher(t.Context(), s.id, api.Request{Principal: apitest.Authenticate(t, n, key), Query: look, Database: "default"}, &answer{})
	wantSaid(t, "a statement for another database", err, api.CodeBadRequest, `in the database "other"`)
	s.mustRun(t, look, `["other",1]`)
	if err := s.rollback(); err != nil {
		t.Error(err)
	}
}

// txTenants: all that one tenant may have open leaves the other's steps, conflicts and figures alone.
func txTenants(t *testing.T, c *apitest.Cluster, key string) {
	_, other := c.Tenant(t, t.Name()+" other")
	for _, n := range c.Nodes {
		apitest.Authenticate(t, n, other)
	}
	for _, each := range []string{key, other} {
		must(t, c.Nodes[0], each, "CREATE (:Thing {id: 1, n: 0})")
	}
	const up = "MATCH (x:Thing {id: 1}) SET x.n = x.n + 1 RETURN x.n AS n, id(x) AS i"
	theirs := mustBegin(t, c, other, api.TxSpec{})
	theirs.mustRun(t, up, "[1,0]")
	open := make([]*session, 16)
	for i := range open {
		open[i] = mustBegin(t, c, key, api.TxSpec{})
		open[i].mustRun(t, up, "[1,0]")
	}
	open[0].mustCommit(t)
	theirs.mustRun(t, "CREATE (:Thing {id: 2})", "")
	theirs.mustCommit(t)
	for _, s := range open[1:] {
		_, err := s.commit()
		wantCode(t, "fifteen that lose to the first", err, api.CodeConflict)
	}
	for each, want := range map[string]string{key: "[1,1]", other: "[2,1]"} {
		if got := must(t, c.Nodes[2], each, "MATCH (x:Thing) RETURN count(x) AS c, sum(x.n) AS s").text(); got != want {
			t.Errorf("a tenant has %s, want %s", got, want)
		}
	}
}

func txDropped(t *testing.T, c *apitest.Cluster, key string) {
	database(t, c, key, "passing")
	one, two := mustBegin(t, c, key, api.TxSpec{Database: "passing"}), mustBegin(t, c, key, api.TxSpec{Database: "passing"})
	one.mustRun(t, "CREATE (:Old)", "")
	two.mustRun(t, "CREATE (:Old)", "")
	if err := c.Nodes[0].Service.DropDatabase(t.Context(), apitest.Authenticate(t, c.Nodes[0], key), "passing", nil); err != nil {
		t.Fatal(err)
	}
	_, err := one.commit()
	wantCode(t, "a commit into a database that is gone", err, api.CodeNotFound)
	_, err = one.commit()
	wantCode(t, "the same again", err, api.CodeNotFound)
	database(t, c, key, "passing")
	_, err = two.run("MATCH (o:Old) RETURN count(o) AS n")
	wantSaid(t, "a statement where another database has the name", err, api.CodeNotFound, "was dropped")
	_, err = two.commit()
	wantCode(t, "a commit where another database has the name", err, api.CodeNotFound)
	got, err := ask(c.Leader(t), key, api.Request{Query: "MATCH (n) RETURN count(n) AS n", Database: "passing"})
	if err != nil || got.text() != "[0]" {
		t.Errorf("the new one holds %v: %v", got, err)
	}
}

func txIdle(t *testing.T, c *apitest.Cluster, key string) {
	s := mustBegin(t, c, key, api.TxSpec{Idle: 20 * time.Millisecond})
	<-time.After(100 * time.Millisecond)
	const words = "waited for its next step for longer than 20ms and was rolled back"
	_, err := s.run("RETURN 1 AS x")
	wantSaid(t, "a statement", err, api.CodeConflict, words)
	_, err = s.commit()
	wantSaid(t, "a commit", err, api.CodeConflict, words)
	wantSaid(t, "a rollback", s.rollback(), api.CodeConflict, words)
}

// stuck is a sink whose client does not read: a statement holds its turn until the client vanishes.
type stuck struct {
	ctx     context.Context
	started chan struct{}
}

func (s *stuck) Columns([]string) error { return nil }

func (s *stuck) Row([]byte) error {
	close(s.started)
	<-s.ctx.Done()
	return s.ctx.Err()
}

// stick runs a statement that holds its turn until vanish is called.
func (s *session) stick(t *testing.T, leader *apitest.Node, query string) (vanish func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	sink := &stuck{ctx, make(chan struct{})}
	p := apitest.Authenticate(t, leader, s.key)
	var gone sync.WaitGroup
	gone.Go(func() {
		if _, err := leader.Service.TxCypher(ctx, s.id, api.Request{Principal: p, Query: query}, sink); err == nil {
			t.Error("a statement whose client vanished was answered")
		}
	})
	<-sink.started
	return func() {
		cancel()
		gone.Wait()
	}
}

// txVanished: a client goes away in the middle of a statement, and of a commit that waits for its turn.
func txVanished(t *testing.T, c *apitest.Cluster, key string) {
	leader := c.Leader(t)
	p := apitest.Authenticate(t, leader, key)
	s := mustBegin(t, c, key, api.TxSpec{})
	s.mustRun(t, "CREATE (:Kept)", "")
	vanish := s.stick(t, leader, "CREATE (d:Dropped) RETURN 1 AS x")
	waiting, stop := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer stop()
	if _, err := leader.Service.CommitTx(waiting, p, s.id, time.Now().UnixMilli()); err == nil {
		t.Error("a commit passed a statement that runs")
	}
	vanish()
	s.mustRun(t, "MATCH (n) RETURN count(n) AS n", "[1]")
	s.mustCommit(t)
	if got := must(t, c.Nodes[0], key, "MATCH (n) RETURN labels(n) AS l").text(); got != `[["Kept"]]` {
		t.Errorf("there is %s", got)
	}
}

// txTransfer: commits while leadership is given away are answered for good, and truly.
func txTransfer(t *testing.T, c *apitest.Cluster, key string) {
	for i := range 5 {
		one := mustBegin(t, c, key, api.TxSpec{})
		one.mustRun(t, "CREATE (:Moved {i: "+string(rune('0'+i))+"})", "")
		var moving sync.WaitGroup
		moving.Go(func() { moveOnce(t, c) })
		_, err := one.commit()
		moving.Wait()
		got := eventually(t, c.Nodes[i%3], key, "MATCH (m:Moved {i: "+string(rune('0'+i))+"}) RETURN count(m) AS n").text()
		switch {
		case err == nil && got != "[1]":
			t.Errorf("round %d: committed, and %s are there", i, got)
		case err != nil && got != "[0]":
			t.Errorf("round %d: %v, and %s are there", i, err, got)
		case err != nil:
			wantSaid(t, "a commit under a transfer", err, api.CodeConflict, "leadership moved")
		}
	}
}

// TestTransactions_BeginWhoseAnswerIsLost: the way to the leader breaks while it begins a transaction. What may stand there
// expires; the client is told to begin again.
func TestTransactions_BeginWhoseAnswerIsLost(t *testing.T) {
	s := newScene(t)
	p := apitest.Authenticate(t, s.follower, s.key)
	letter := s.Links.LoseAnswers(s.follower.Name, 1)
	done := make(chan error, 1)
	go func() {
		ctx, cancel := patient()
		defer cancel()
		_, err := s.follower.Service.BeginTx(ctx, p, api.TxSpec{})
		done <- err
	}()
	<-letter.Answered
	s.Links.Sever(s.follower.Name, s.leader.Name)
	wantCode(t, "a begin whose answer is lost", <-done, api.CodeNoLeader)
}

// txSteps: fifteen requests wait for their turn, the sixteenth is turned away.
func txSteps(t *testing.T, c *apitest.Cluster, key string) {
	leader := c.Leader(t)
	p := apitest.Authenticate(t, leader, key)
	s := mustBegin(t, c, key, api.TxSpec{})
	vanish := s.stick(t, leader, "RETURN 1 AS x")
	const most, all = 16, 40
	answers := make(chan error, all)
	for range all {
		go func() {
			_, err := leader.Service.TxCypher(t.Context(), s.id, api.Request{Principal: p, Query: "RETURN 1 AS x"}, &answer{})
			answers <- err
		}()
	}
	for range all - (most - 1) {
		wantSaid(t, "one too many", <-answers, api.CodeOverloaded, "send one after the other")
	}
	vanish()
	for range most - 1 {
		if err := <-answers; err != nil {
			t.Errorf("one that waited: %v", err)
		}
	}
	s.mustCommit(t)
}
