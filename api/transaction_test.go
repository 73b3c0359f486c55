package api_test

import (
	"context"
	"testing"
	"time"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/api/apitest"
	"github.com/hivellm/nexus/tenancy"
)

// session is one transaction as its client has it: it may send each step to another node.
type session struct {
	c   *apitest.Cluster
	key string
	id  string
	at  int // of the node that gets the next step
}

func (s *session) node() *apitest.Node {
	s.at++
	return s.c.Nodes[s.at%len(s.c.Nodes)]
}

func patient() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), apitest.Patience)
}

func begin(c *apitest.Cluster, key string, at int, spec api.TxSpec) (*session, error) {
	s := &session{c: c, key: key, at: at}
	n := s.node()
	p, err := n.Service.Authenticate(key)
	if err != nil {
		return nil, err
	}
	ctx, cancel := patient()
	defer cancel()
	info, err := n.Service.BeginTx(ctx, p, spec)
	s.id = info.ID
	return s, err
}

func (s *session) run(query string) (string, error) {
	n := s.node()
	p, err := n.Service.Authenticate(s.key)
	if err != nil {
		return "", err
	}
	ctx, cancel := patient()
	defer cancel()
	out := &answer{}
	_, err = n.Service.TxCypher(ctx, s.id, api.Request{Principal: p, Query: query}, out)
	return out.text(), err
}

func (s *session) commit() (api.TxCommit, error) {
	n := s.node()
	p, err := n.Service.Authenticate(s.key)
	if err != nil {
		return api.TxCommit{}, err
	}
	ctx, cancel := patient()
	defer cancel()
	return n.Service.CommitTx(ctx, p, s.id, time.Now().UnixMilli())
}

func (s *session) rollback() error {
	n := s.node()
	p, err := n.Service.Authenticate(s.key)
	if err != nil {
		return err
	}
	ctx, cancel := patient()
	defer cancel()
	return n.Service.RollbackTx(ctx, p, s.id)
}

// mustBegin, mustRun and mustCommit fail the test where the step is refused.
func mustBegin(t *testing.T, c *apitest.Cluster, key string, spec api.TxSpec) *session {
	t.Helper()
	s, err := begin(c, key, 0, spec)
	if err != nil {
		t.Fatalf("begin: %v", err)
	}
	return s
}

func (s *session) mustRun(t *testing.T, query, want string) {
	t.Helper()
	if got, err := s.run(query); err != nil || got != want {
		t.Fatalf("%s: %q, %v; want %q", query, got, err, want)
	}
}

func (s *session) mustCommit(t *testing.T) api.TxCommit {
	t.Helper()
	done, err := s.commit()
	if err != nil {
		t.Fatalf("commit: %v", err)
	}
	return done
}

func wantCode(t *testing.T, what string, err error, want api.Code) {
	t.Helper()
	if code(err) != want {
		t.Errorf("%s: %v, want %s", what, err, want)
	}
}

func TestTransactions(t *testing.T) {
	c := apitest.Start(t, 3)
	for name, test := range map[string]func(*testing.T, *apitest.Cluster, string){
		"a step on any node":              txStepsOnAnyNode,
		"a failed statement":              txFailedStatement,
		"what it refuses":                 txRefusals,
		"a lost update":                   txLostUpdate,
		"write skew":                      txWriteSkew,
		"what was not there":              txAbsentReads,
		"disjoint work is brought along":  txDisjointWork,
		"only reads":                      txOnlyReads,
		"at most sixteen":                 txAtMost,
		"another tenant knows nothing":    txOtherTenant,
		"ids are nobody else's":           txIDs,
		"constraints hold at the commit":  txConstraints,
		"a deleted node":                  txDeleted,
		"quota refuses and is remembered": txQuota,
	} {
		t.Run(name, func(t *testing.T) {
			_, key := c.Tenant(t, "tx "+name)
			for _, n := range c.Nodes {
				apitest.Authenticate(t, n, key)
			}
			test(t, c, key)
		})
	}
}

func txStepsOnAnyNode(t *testing.T, c *apitest.Cluster, key string) {
	must(t, c.Nodes[0], key, "CREATE (:Doc {n: 1})")
	s := mustBegin(t, c, key, api.TxSpec{})
	s.mustRun(t, "MATCH (d:Doc) RETURN count(d) AS n", "[1]")
	s.mustRun(t, "CREATE (d:Doc {n: 2}) RETURN d.n AS n", "[2]")
	s.mustRun(t, "MATCH (d:Doc) SET d.seen = true RETURN count(d) AS n", "[2]")
	s.mustRun(t, "MATCH (d:Doc) RETURN count(d) AS n, count(d.seen) AS m", "[2,2]")
	if got := must(t, c.Nodes[1], key, "MATCH (d:Doc) RETURN count(d) AS n, count(d.seen) AS m").text(); got != "[1,0]" {
		t.Errorf("before its commit others see %s", got)
	}
	done := s.mustCommit(t)
	if done.Replayed || done.Stats.NodesCreated != 1 || done.Stats.PropertiesSet != 3 {
		t.Errorf("committed with %+v", done)
	}
	for _, n := range c.Nodes {
		got, err := ask(n, key, api.Request{Query: "MATCH (d:Doc) RETURN count(d) AS n, count(d.seen) AS m", Bookmark: done.Bookmark})
		if err != nil || got.text() != "[2,2]" {
			t.Errorf("at its bookmark: %v, %v", got.rows, err)
		}
	}
	for range 3 {
		again := s.mustCommit(t)
		if !again.Replayed || again.Stats != done.Stats {
			t.Errorf("committed again: %+v", again)
		}
	}
	_, err := s.run("RETURN 1 AS x")
	wantCode(t, "a statement after the commit", err, api.CodeNotFound)
	wantCode(t, "a rollback after the commit", s.rollback(), api.CodeNotFound)
}

func txFailedStatement(t *testing.T, c *apitest.Cluster, key string) {
	s := mustBegin(t, c, key, api.TxSpec{})
	s.mustRun(t, "CREATE (:Kept)", "")
	_, err := s.run("CREATE (:Dropped) WITH 1 AS x RETURN 1 / 0 AS y")
	if err == nil {
		t.Fatal("a division by zero is an answer")
	}
	s.mustRun(t, "MATCH (n) RETURN count(n) AS n", "[1]")
	s.mustRun(t, "CREATE (:Kept)", "")
	s.mustCommit(t)
	if got := must(t, c.Nodes[2], key, "MATCH (n) RETURN count(n) AS n, count(CASE WHEN n:Dropped THEN 1 END) AS m").text(); got != "[2,0]" {
		t.Errorf("committed: %s", got)
	}
	s = mustBegin(t, c, key, api.TxSpec{})
	s.mustRun(t, "CREATE (:Never)", "")
	if err := s.rollback(); err != nil {
		t.Fatal(err)
	}
	wantCode(t, "a rollback again", s.rollback(), api.CodeNotFound)
	_, err = s.commit()
	wantCode(t, "a commit after a rollback", err, api.CodeNotFound)
	if got := must(t, c.Nodes[0], key, "MATCH (n:Never) RETURN count(n) AS n").text(); got != "[0]" {
		t.Errorf("rolled back: %s", got)
	}
}

func txRefusals(t *testing.T, c *apitest.Cluster, key string) {
	s := mustBegin(t, c, key, api.TxSpec{})
	for query, want := range map[string]api.Code{
		"CREATE INDEX FOR (n:N) ON (n.x)": api.CodeBadRequest,
		"DROP INDEX nothing":              api.CodeBadRequest,
		"MATCH (n RETURN n":               api.CodeQuerySyntax,
	} {
		_, err := s.run(query)
		wantCode(t, query, err, want)
	}
	s.mustRun(t, "CREATE (:N)", "")
	s.mustCommit(t)
	_, err := begin(c, key, 1, api.TxSpec{Database: "nowhere"})
	wantCode(t, "a database that is not there", err, api.CodeNotFound)
	_, err = begin(c, key, 1, api.TxSpec{Bookmark: "nxb_x"})
	wantCode(t, "no bookmark", err, api.CodeBookmarkInvalid)
	for _, id := range []string{"", "x", "nxt_AAAA", s.id + "A"} {
		_, err := (&session{c: c, key: key, id: id}).run("RETURN 1 AS x")
		wantCode(t, "the id "+id, err, api.CodeNotFound)
	}
}

func txLostUpdate(t *testing.T, c *apitest.Cluster, key string) {
	must(t, c.Nodes[0], key, "CREATE (:Counter {n: 0, other: 0})")
	one, two := mustBegin(t, c, key, api.TxSpec{}), mustBegin(t, c, key, api.TxSpec{})
	one.mustRun(t, "MATCH (k:Counter) SET k.n = k.n + 1 RETURN k.n AS n", "[1]")
	two.mustRun(t, "MATCH (k:Counter) SET k.n = k.n + 1 RETURN k.n AS n", "[1]")
	one.mustCommit(t)
	_, err := two.commit()
	wantCode(t, "the second increment", err, api.CodeConflict)
	_, err = two.commit()
	wantCode(t, "the second increment again", err, api.CodeConflict)
	three := mustBegin(t, c, key, api.TxSpec{})
	three.mustRun(t, "MATCH (k:Counter) SET k.n = k.n + 1 RETURN k.n AS n", "[2]")
	must(t, c.Nodes[1], key, "MATCH (k:Counter) SET k.other = 5") // another property of the same node is nobody's business
	three.mustCommit(t)
	if got := must(t, c.Nodes[1], key, "MATCH (k:Counter) RETURN k.n AS n, k.other AS o").text(); got != "[2,5]" {
		t.Errorf("the counter is %s", got)
	}
}

func txWriteSkew(t *testing.T, c *apitest.Cluster, key string) {
	must(t, c.Nodes[0], key, "CREATE (:Doctor {name: 'ann', on: true}), (:Doctor {name: 'bob', on: true})")
	one, two := mustBegin(t, c, key, api.TxSpec{}), mustBegin(t, c, key, api.TxSpec{})
	const count = "MATCH (d:Doctor) WHERE d.on RETURN count(d) AS n"
	one.mustRun(t, count, "[2]")
	two.mustRun(t, count, "[2]")
	one.mustRun(t, "MATCH (d:Doctor {name: 'ann'}) SET d.on = false", "")
	two.mustRun(t, "MATCH (d:Doctor {name: 'bob'}) SET d.on = false", "")
	two.mustCommit(t)
	_, err := one.commit()
	wantCode(t, "the last doctor leaves", err, api.CodeConflict)
	if got := must(t, c.Nodes[1], key, count).text(); got != "[1]" {
		t.Errorf("there are %s doctors", got)
	}
}

// txAbsentReads: what was looked for and not found comes to be, found by a label that nobody had, a scan, an index.
func txAbsentReads(t *testing.T, c *apitest.Cluster, key string) {
	must(t, c.Nodes[0], key, "CREATE INDEX FOR (u:User) ON (u.mail)")
	must(t, c.Nodes[0], key, "CREATE (:User {mail: 'other'})")
	for i, look := range []string{
		"MATCH (u:User {mail: 'a@b'}) RETURN count(u) AS n",
		"MATCH (u:Ghost) RETURN count(u) AS n",
		"MATCH (u) WHERE u.ghost = 1 RETURN count(u) AS n",
		"MATCH (:User)-[r:HAUNTS]->() RETURN count(r) AS n",
	} {
		make := []string{"CREATE (:User {mail: 'a@b'})", "CREATE (:Ghost)", "MATCH (u:User {mail: 'other'}) SET u.ghost = 1",
			"MATCH (u:User {mail: 'other'}) CREATE (u)-[:HAUNTS]->(u)"}[i]
		one, two := mustBegin(t, c, key, api.TxSpec{}), mustBegin(t, c, key, api.TxSpec{})
		one.mustRun(t, look, "[0]")
		two.mustRun(t, look, "[0]")
		one.mustRun(t, make, "")
		two.mustRun(t, make, "")
		one.mustCommit(t)
		_, err := two.commit()
		wantCode(t, look, err, api.CodeConflict)
	}
}

func txDisjointWork(t *testing.T, c *apitest.Cluster, key string) {
	must(t, c.Nodes[0], key, "CREATE (:Room {id: 1, n: 0}), (:Room {id: 2, n: 0})")
	one, two := mustBegin(t, c, key, api.TxSpec{}), mustBegin(t, c, key, api.TxSpec{})
	one.mustRun(t, "MATCH (r:Room {id: 1}) SET r.n = r.n + 1, r.alpha = 'a' CREATE (:Alpha {by: 'one'})-[:ONLY_ONE]->(r)", "")
	two.mustRun(t, "MATCH (r:Room {id: 2}) SET r.n = r.n + 1, r.beta = 'b' CREATE (:Beta {by: 'two'})-[:ONLY_TWO]->(r)", "")
	two.mustCommit(t)
	one.mustCommit(t)
	for query, want := range map[string]string{
		"MATCH (a:Alpha)-[:ONLY_ONE]->(r:Room) RETURN a.by AS x, r.id AS i, r.n AS n, r.alpha AS a, r.beta AS b": `["one",1,1,"a",null]`,
		"MATCH (a:Beta)-[:ONLY_TWO]->(r:Room) RETURN a.by AS x, r.id AS i, r.n AS n, r.alpha AS a, r.beta AS b":  `["two",2,1,null,"b"]`,
	} {
		if got := must(t, c.Nodes[1], key, query).text(); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}

func txOnlyReads(t *testing.T, c *apitest.Cluster, key string) {
	must(t, c.Nodes[0], key, "CREATE (:Page {n: 1})")
	s := mustBegin(t, c, key, api.TxSpec{ReadOnly: true})
	s.mustRun(t, "MATCH (p:Page) RETURN p.n AS n", "[1]")
	_, err := s.run("CREATE (:Page)")
	wantCode(t, "a write", err, api.CodeBadRequest)
	must(t, c.Nodes[1], key, "MATCH (p:Page) SET p.n = 2")
	s.mustRun(t, "MATCH (p:Page) RETURN p.n AS n", "[1]")
	before, _ := c.Leader(t).Machine.Digests()
	done := s.mustCommit(t)
	if after, _ := c.Leader(t).Machine.Digests(); after != before {
		t.Logf("the log moved from %d to %d meanwhile", before, after)
	}
	if again := s.mustCommit(t); !again.Replayed || again.Stats != done.Stats {
		t.Errorf("committed again: %+v", again)
	}
	empty := mustBegin(t, c, key, api.TxSpec{})
	empty.mustRun(t, "MATCH (p:Page) RETURN p.n AS n", "[2]")
	must(t, c.Nodes[1], key, "MATCH (p:Page) SET p.n = 3")
	empty.mustCommit(t) // it stands where it began
}

func txAtMost(t *testing.T, c *apitest.Cluster, key string) {
	open := make([]*session, 16)
	for i := range open {
		open[i] = mustBegin(t, c, key, api.TxSpec{})
	}
	_, err := begin(c, key, 0, api.TxSpec{})
	wantCode(t, "the seventeenth", err, api.CodeOverloaded)
	if err := open[3].rollback(); err != nil {
		t.Fatal(err)
	}
	open[3] = mustBegin(t, c, key, api.TxSpec{})
	for _, s := range open {
		if err := s.rollback(); err != nil {
			t.Error(err)
		}
	}
}

func txOtherTenant(t *testing.T, c *apitest.Cluster, key string) {
	_, other := c.Tenant(t, t.Name()+" other")
	for _, n := range c.Nodes {
		apitest.Authenticate(t, n, other)
	}
	mine := mustBegin(t, c, key, api.TxSpec{})
	mine.mustRun(t, "CREATE (:Mine)", "")
	theirs := &session{c: c, key: other, id: mine.id}
	_, err := theirs.run("MATCH (n) RETURN n")
	wantCode(t, "another's statement", err, api.CodeNotFound)
	_, err = theirs.commit()
	wantCode(t, "another's commit", err, api.CodeNotFound)
	wantCode(t, "another's rollback", theirs.rollback(), api.CodeNotFound)
	mine.mustCommit(t)
	_, err = theirs.commit()
	wantCode(t, "another's commit of what is committed", err, api.CodeNotFound)
}

// txIDs makes entities in several transactions and beside them: no id is given twice, and small ones lie close.
func txIDs(t *testing.T, c *apitest.Cluster, key string) {
	one, two := mustBegin(t, c, key, api.TxSpec{}), mustBegin(t, c, key, api.TxSpec{})
	one.mustRun(t, "UNWIND range(1, 5) AS i CREATE (:T {by: 1})", "")
	must(t, c.Nodes[0], key, "UNWIND range(1, 7) AS i CREATE (:T {by: 0})-[:R]->(:T {by: 0})")
	two.mustRun(t, "UNWIND range(1, 40) AS i CREATE (:T {by: 2})-[:R]->(:T {by: 2})", "")
	one.mustRun(t, "UNWIND range(1, 30) AS i CREATE (:T {by: 1})", "")
	must(t, c.Nodes[0], key, "CREATE (:T {by: 0})")
	two.mustCommit(t)
	one.mustCommit(t)
	if got := must(t, c.Nodes[1], key, "MATCH (n:T) RETURN count(n) AS n, count(DISTINCT id(n)) AS d, max(id(n)) < 300 AS close").text(); got != "[130,130,true]" {
		t.Errorf("made: %s", got)
	}
	for range 20 {
		s := mustBegin(t, c, key, api.TxSpec{})
		s.mustRun(t, "CREATE (:Small)", "")
		s.mustCommit(t)
	}
	if got := must(t, c.Nodes[1], key, "MATCH (n:Small) RETURN max(id(n)) - min(id(n)) AS span").text(); got != "[19]" {
		t.Errorf("twenty small transactions one after another span %s ids", got)
	}
}

func txConstraints(t *testing.T, c *apitest.Cluster, key string) {
	must(t, c.Nodes[0], key, "CREATE CONSTRAINT one FOR (u:Login) REQUIRE u.mail IS UNIQUE")
	one, two := mustBegin(t, c, key, api.TxSpec{}), mustBegin(t, c, key, api.TxSpec{})
	one.mustRun(t, "CREATE (:Login {mail: 'x'})", "")
	_, err := one.run("CREATE (:Login {mail: 'x'})")
	wantCode(t, "doubled in one transaction", err, api.CodeConstraintViolation)
	two.mustRun(t, "CREATE (:Login {mail: 'x'})", "")
	one.mustCommit(t)
	_, err = two.commit()
	wantCode(t, "doubled in two", err, api.CodeConflict)
}

func txDeleted(t *testing.T, c *apitest.Cluster, key string) {
	must(t, c.Nodes[0], key, "CREATE (:Gone {n: 1}), (:Stays {n: 1})")
	s, u := mustBegin(t, c, key, api.TxSpec{}), mustBegin(t, c, key, api.TxSpec{})
	s.mustRun(t, "MATCH (g:Gone) SET g.m = 1", "")
	u.mustRun(t, "MATCH (g:Stays) DELETE g", "")
	must(t, c.Nodes[1], key, "MATCH (g:Gone) DELETE g")
	must(t, c.Nodes[1], key, "MATCH (g:Stays) CREATE (g)-[:R]->(:Other)")
	_, err := s.commit()
	wantCode(t, "a property of what is gone", err, api.CodeConflict)
	_, err = u.commit()
	wantCode(t, "the end of what is connected now", err, api.CodeConflict)
}

func txQuota(t *testing.T, c *apitest.Cluster, key string) {
	leader := c.Leader(t)
	p := apitest.Authenticate(t, leader, key)
	limits := tenancy.Limits{MaxNodes: tenancy.LimitOf(2)}
	if _, err := leader.Service.UpdateTenant(t.Context(), c.Operator(t, leader), api.TenantChange{ID: p.Tenant().String(), Limits: &limits}); err != nil {
		t.Fatal(err)
	}
	s := mustBegin(t, c, key, api.TxSpec{})
	s.mustRun(t, "UNWIND range(1, 3) AS i CREATE (:N)", "")
	for range 2 {
		_, err := s.commit()
		wantCode(t, "a node too many", err, api.CodeStorageQuotaExceeded)
	}
	_, err := s.run("RETURN 1 AS x")
	wantCode(t, "a statement after it", err, api.CodeNotFound)
}

// TestTransactions_LostWithTheirTerm: a transaction of a term that is over is in conflict, and one that was committed in
// it answers its replay.
func TestTransactions_LostWithTheirTerm(t *testing.T) {
	c := apitest.Start(t, 3)
	_, key := c.Tenant(t, "ann")
	for _, n := range c.Nodes {
		apitest.Authenticate(t, n, key)
	}
	done, open := mustBegin(t, c, key, api.TxSpec{}), mustBegin(t, c, key, api.TxSpec{})
	done.mustRun(t, "CREATE (:Done)", "")
	open.mustRun(t, "CREATE (:Open)", "")
	first := done.mustCommit(t)
	moveOnce(t, c)
	for range 3 {
		again := done.mustCommit(t)
		if !again.Replayed || again.Stats != first.Stats {
			t.Errorf("committed again after the move: %+v", again)
		}
		_, err := open.run("RETURN 1 AS x")
		wantSaid(t, "a statement of a lost one", err, api.CodeConflict, "leadership moved")
		_, err = open.commit()
		wantSaid(t, "a commit of a lost one", err, api.CodeConflict, "leadership moved")
	}
	_, err := done.run("RETURN 1 AS x")
	wantCode(t, "a statement of a committed one", err, api.CodeNotFound)
	if got := must(t, c.Nodes[0], key, "MATCH (n) RETURN labels(n) AS l").text(); got != `[["Done"]]` {
		t.Errorf("there is %s", got)
	}
}

// TestTransactions_CommitWhoseAnswerIsLost: the entry is on a majority, its leader falls, and the client sends the commit
// again: it is applied, and nobody is told that it is not.
func TestTransactions_CommitWhoseAnswerIsLost(t *testing.T) {
	c := apitest.Start(t, 3)
	_, key := c.Tenant(t, "ann")
	for _, n := range c.Nodes {
		apitest.Authenticate(t, n, key)
	}
	leader := c.Leader(t)
	s := mustBegin(t, c, key, api.TxSpec{})
	s.mustRun(t, "CREATE (:Once)", "")
	release := leader.Gate.Hold()
	defer release()
	p := apitest.Authenticate(t, leader, key)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := leader.Service.CommitTx(ctx, p, s.id, time.Now().UnixMilli())
	if code(err) != api.CodeUnknownOutcome {
		t.Fatalf("a commit that nobody applied in time: %v", err)
	}
	c.Links.Isolate(leader.Name)
	defer c.Links.Heal(leader.Name)
	var next *apitest.Node
	apitest.WaitFor(t, "another leader", func() bool {
		for _, n := range c.Nodes {
			if n != leader && n.Service.Ready().Leader {
				next = n
			}
		}
		return next != nil
	})
	p = apitest.Authenticate(t, next, key)
	ctx, cancel = patient()
	defer cancel()
	done, err := next.Service.CommitTx(ctx, p, s.id, time.Now().UnixMilli())
	if err != nil || !done.Replayed || done.Stats.NodesCreated != 1 {
		t.Errorf("committed again elsewhere: %+v, %v", done, err)
	}
	if got := must(t, next, key, "MATCH (n:Once) RETURN count(n) AS n").text(); got != "[1]" {
		t.Errorf("it happened %s times", got)
	}
	c.Links.Heal(leader.Name)
	release()
	p = apitest.Authenticate(t, leader, key)
	if done, err := leader.Service.CommitTx(ctx, p, s.id, time.Now().UnixMilli()); err != nil || !done.Replayed {
		t.Errorf("committed again at its own node: %+v, %v", done, err)
	}
}

// moveOnce gives leadership to another node and waits until that one leads.
func moveOnce(t *testing.T, c *apitest.Cluster) {
	t.Helper()
	before := c.Leader(t)
	apitest.WaitFor(t, "leadership to move", func() bool {
		leader := c.Leader(t)
		if leader != before {
			return true
		}
		if err := leader.Service.TransferLeadership(t.Context(), c.Operator(t, leader), ""); err != nil {
			t.Logf("transfer: %v", err)
		}
		return false
	})
}
