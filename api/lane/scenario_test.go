package lane_test

import (
	"errors"
	"testing"
	"time"

	"github.com/hivellm/nexus/api/apitest"
	"github.com/hivellm/nexus/api/lane"
	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher"
	"github.com/hivellm/nexus/graph/value"
	"github.com/hivellm/nexus/tenancy"
)

// rounds is how often a scenario is played whose shape needs two writes in one batch, which a busy machine may part.
const rounds = 10

// TestScenario_LanesDoNotWaitForEachOther: while one write of a tenant runs, those of another tenant and of another
// database of the same tenant are answered.
func TestScenario_LanesDoNotWaitForEachOther(t *testing.T) {
	r := newRig(t)
	slow, other := r.place("slow"), r.place("other")
	second := lane.Place{Tenant: slow.Tenant, Database: r.database(slow, "second")}
	goOn := make(chan struct{})
	running := r.job("CREATE (:Slow) RETURN 1 AS x", "")
	encode := running.Encode
	running.Encode = func(dst []byte, g *graph.Graph, row []value.Value) ([]byte, error) {
		dst, err := encode(dst, g, row)
		<-goOn
		return dst, err
	}
	r.start(slow, running)
	defer close(goOn)
	<-running.computed
	for name, p := range map[string]lane.Place{"another tenant": other, "another database": second} {
		w := r.start(p, r.job("CREATE (:Quick)", ""))
		select {
		case <-w.done:
			if w.err != nil {
				t.Errorf("a write of %s: %v", name, w.err)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("a write of %s waits for a write of a lane that is not its own", name)
		}
	}
}

// TestScenario_ConstraintTakesItsPlaceInTheLane: a constraint is applied between the moment when a write could have run
// and its own apply. The write runs behind it.
func TestScenario_ConstraintTakesItsPlaceInTheLane(t *testing.T) {
	r := newRig(t)
	p := r.place("ann")
	constraint, release := r.hold(p, "CREATE CONSTRAINT one FOR (u:User) REQUIRE u.mail IS UNIQUE")
	defer release()
	doubled := r.start(p, r.job("UNWIND ['a', 'a'] AS mail CREATE (:User {mail: mail}) RETURN mail", ""))
	apitest.WaitFor(t, "the write to wait behind the constraint, or to have run", func() bool {
		return r.lanes.Queued(p) == 1 || len(doubled.computed) > 1
	})
	release()
	<-constraint.done
	<-doubled.done
	if constraint.err != nil {
		t.Fatalf("the constraint: %v", constraint.err)
	}
	var refused *cypher.Error
	if !errors.As(doubled.err, &refused) || refused.Type != cypher.ConstraintValidationFailed {
		t.Fatalf("a doubled value under a constraint that was applied before it: %v", doubled.err)
	}
}

// TestScenario_WhatFoundARefusedWriteIsNotAnswered: a MERGE finds what its predecessor in the batch has made. It is not
// answered before the machine has made that, and never when Apply refuses the predecessor.
func TestScenario_WhatFoundARefusedWriteIsNotAnswered(t *testing.T) {
	r := newRig(t)
	p := r.place("ann")
	r.must(p, "CREATE (:Hub {n: 0})")
	r.limitNodes(p, 1)
	for round := range rounds {
		first, release := r.hold(p, "MATCH (h:Hub) SET h.n = h.n + 1")
		defer release()
		made := r.start(p, r.job("CREATE (:Found)", ""))
		r.queued(p, 1)
		found := r.start(p, r.job("MERGE (f:Found) RETURN 1 AS x", ""))
		r.queued(p, 2)
		release()
		<-first.done
		<-made.done
		<-found.done
		if first.err != nil || !errors.As(made.err, new(*tenancy.QuotaError)) {
			t.Fatalf("round %d: the first write: %v; one node too many: %v", round, first.err, made.err)
		}
		if !errors.As(found.err, new(*tenancy.QuotaError)) {
			t.Fatalf("round %d: a MERGE was answered with what never was: rows %s, error %v", round, found.rows(), found.err)
		}
	}
}

// onlyOnce is a write that cannot run a second time: it fails by what it has done.
const onlyOnce = "MATCH (c:Count) WITH c, 10 / c.n AS q SET c.n = 0 RETURN q"

// TestScenario_RetriedKeyIsAnsweredByItsRecord: the leader looks a client's key up before it runs anything.
func TestScenario_RetriedKeyIsAnsweredByItsRecord(t *testing.T) {
	r := newRig(t)
	p := r.place("ann")
	r.must(p, "CREATE (:Count {n: 5})")
	for try := range 2 {
		w := r.start(p, r.job(onlyOnce, "once"))
		<-w.done
		if w.err != nil || w.rows() != "[2]" || w.result.Replayed != (try > 0) {
			t.Fatalf("try %d: rows %s, replayed %v, error %v", try, w.rows(), w.result.Replayed, w.err)
		}
	}
}

// TestScenario_KeyInFlightWaitsForTheFirst: a retry arrives while its first attempt waits for the same batch.
func TestScenario_KeyInFlightWaitsForTheFirst(t *testing.T) {
	r := newRig(t)
	p := r.place("ann")
	for round := range rounds {
		key := string(rune('a' + round))
		r.must(p, "MERGE (c:Count) SET c.n = 5")
		_, release := r.hold(p, "CREATE (:Hub)")
		defer release()
		first := r.start(p, r.job(onlyOnce, key))
		r.queued(p, 1)
		retry := r.start(p, r.job(onlyOnce, key))
		r.queued(p, 2)
		release()
		for name, w := range map[string]*write{"the first": first, "its retry": retry} {
			<-w.done
			if w.err != nil || w.rows() != "[2]" {
				t.Fatalf("round %d: %s: rows %s, error %v", round, name, w.rows(), w.err)
			}
		}
		if first.result.Replayed == retry.result.Replayed {
			t.Fatalf("round %d: replayed %v and %v", round, first.result.Replayed, retry.result.Replayed)
		}
	}
}

// TestScenario_WriteThatChangedNothingIsRemembered: the first attempt under a key is slow; its retry is answered, it
// changed nothing; another client writes; the first attempt arrives. It must not act after the answer.
func TestScenario_WriteThatChangedNothingIsRemembered(t *testing.T) {
	r := newRig(t)
	p := r.place("ann")
	const query = "MATCH (a:Account) SET a.closed = true RETURN count(a) AS n"
	slow, retry := r.job(query, "close"), r.job(query, "close")
	<-r.start(p, retry).done
	if retry.err != nil || retry.rows() != "[0]" {
		t.Fatalf("the retry: rows %s, error %v", retry.rows(), retry.err)
	}
	r.must(p, "CREATE (:Account {closed: false})")
	<-r.start(p, slow).done
	if slow.err != nil || !slow.result.Replayed || slow.rows() != "[0]" {
		t.Errorf("the first attempt: rows %s, replayed %v, error %v", slow.rows(), slow.result.Replayed, slow.err)
	}
	if got := r.must(p, "MATCH (a:Account) SET a.seen = true RETURN a.closed").rows(); got != "[false]" {
		t.Fatalf("after its retry was answered, the first attempt closed an account: %s", got)
	}
}
