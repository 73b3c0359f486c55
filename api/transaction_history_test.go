package api_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/api/apitest"
)

const historyAccounts = 6

// TestTransactions_HistoryIsSerializable lets clients move money, skew, count up and look, through all nodes, while
// leadership goes round or falls; what each read and wrote must fit one order.
func TestTransactions_HistoryIsSerializable(t *testing.T) {
	c := apitest.Start(t, 3)
	_, key := c.Tenant(t, "ann")
	for _, n := range c.Nodes {
		apitest.Authenticate(t, n, key)
	}
	must(t, c.Nodes[0], key, fmt.Sprintf("UNWIND range(0, %d) AS i CREATE (:Account {id: i, balance: 100, v: 'start'})", historyAccounts-1))
	must(t, c.Nodes[0], key, "CREATE INDEX FOR (a:Account) ON (a.id)")
	clients, each := 5, 30
	if testing.Short() {
		clients, each = 3, 8
	}
	var group sync.WaitGroup
	var mu sync.Mutex
	var history []*deed
	for w := range clients {
		group.Go(func() {
			r := rand.New(rand.NewPCG(uint64(w), 5))
			for i := range each {
				d := &deed{name: fmt.Sprintf("%d-%d", w, i), reads: map[int]string{}, writes: map[int]bool{}}
				d.do(c, key, r)
				mu.Lock()
				history = append(history, d)
				mu.Unlock()
			}
		})
	}
	stop := make(chan struct{})
	var nemesis sync.WaitGroup
	nemesis.Go(func() { goRound(t, c, stop) })
	group.Wait()
	close(stop)
	nemesis.Wait()

	final := eventually(t, c.Nodes[1], key, "MATCH (a:Account) WITH a ORDER BY a.id RETURN collect(a.v) AS v, sum(a.balance) AS s").rows[0]
	logged := eventually(t, c.Nodes[2], key, "MATCH (l:Log) RETURN count(l) AS n, count(DISTINCT l.by) AS d, collect(l.by) AS names").rows[0]
	checkHistory(t, history, final, logged)
	equalDigests(t, c)
}

// eventually reads, as often as it takes for leadership to come to rest.
func eventually(t *testing.T, n *apitest.Node, key, query string) *answer {
	t.Helper()
	var got *answer
	apitest.WaitFor(t, query, func() (ok bool) {
		var err error
		got, err = ask(n, key, api.Request{Query: query})
		return err == nil
	})
	return got
}

// goRound takes leadership from whoever has it, again and again: by a transfer, or by cutting the leader off.
func goRound(t *testing.T, c *apitest.Cluster, stop chan struct{}) {
	for round := 0; ; round++ {
		select {
		case <-stop:
			return
		default:
		}
		moved(t, c, round, stop)
	}
}

// moved takes leadership away once it has been held long enough for some commits.
func moved(t *testing.T, c *apitest.Cluster, round int, stop chan struct{}) {
	leader := c.Leader(t)
	from := leader.Machine.Applied()
	apitest.WaitFor(t, "some commits", func() bool {
		select {
		case <-stop:
			return true
		default:
			return leader.Machine.Applied() > from+25
		}
	})
	if round%3 == 2 { // the leader is cut off, and comes back when another leads
		c.Links.Isolate(leader.Name)
		apitest.WaitFor(t, "another leader", func() bool {
			for _, n := range c.Nodes {
				if n != leader && n.Service.Ready().Leader {
					return true
				}
			}
			return false
		})
		c.Links.Heal(leader.Name)
		return
	}
	if err := leader.Service.TransferLeadership(t.Context(), c.Operator(t, leader), ""); err != nil {
		t.Logf("transfer: %v", err)
	}
}

type fate uint8

const (
	committed fate = iota + 1
	refused        // by CONFLICT: nothing of it may be seen
	abandoned      // given up before its commit: nothing of it may be seen
	unknown
)

// deed is one transaction as its client saw it. A version of an account is the name of the deed that wrote it.
type deed struct {
	name   string
	fate   fate
	reads  map[int]string
	writes map[int]bool
}

func (d *deed) do(c *apitest.Cluster, key string, r *rand.Rand) {
	kind, a := r.IntN(10), r.IntN(historyAccounts)
	b := (a + 1 + r.IntN(historyAccounts-1)) % historyAccounts
	d.fate = abandoned
	s, err := begin(c, key, r.IntN(3), api.TxSpec{ReadOnly: kind == 0})
	if err != nil {
		return
	}
	switch {
	case kind == 0: // look at all
		err = d.look(s, "MATCH (a:Account) RETURN a.id AS i, a.v AS v")
	case kind < 4: // skew: read both, write one
		if err = d.look(s, pair(a, b)); err == nil {
			err = d.write(s, a, 0)
		}
	case kind < 9: // move money
		if err = d.look(s, pair(a, b)); err == nil {
			err = d.write(s, a, -1)
		}
		if err == nil {
			err = d.write(s, b, 1)
		}
	default: // count up, without a look at anything else
		err = d.look(s, pair(a, a))
		if err == nil {
			err = d.write(s, a, 0)
		}
	}
	if err == nil && kind > 0 {
		_, err = s.run("CREATE (:Log {by: '" + d.name + "'})")
	}
	if err != nil {
		return
	}
	d.commit(s)
}

func pair(a, b int) string {
	return fmt.Sprintf("UNWIND [%d, %d] AS i MATCH (a:Account {id: i}) RETURN a.id AS i, a.v AS v", a, b)
}

// look notes which versions a statement shows.
func (d *deed) look(s *session, query string) error {
	out, err := s.run(query)
	if err != nil {
		return err
	}
	for row := range strings.SplitSeq(strings.Trim(out, "[]"), "][") {
		id, version, _ := strings.Cut(row, ",")
		account, err := strconv.Atoi(id)
		if err != nil {
			return fmt.Errorf("row %q: %w", row, err)
		}
		d.reads[account] = strings.Trim(version, `"`)
	}
	return nil
}

func (d *deed) write(s *session, account, amount int) error {
	d.writes[account] = true
	_, err := s.run(fmt.Sprintf("MATCH (a:Account {id: %d}) SET a.balance = a.balance + %d, a.v = '%s'", account, amount, d.name))
	return err
}

// commit sends the commit until it is answered for good.
func (d *deed) commit(s *session) {
	d.fate = unknown
	for range 10 {
		_, err := s.commit()
		var e *api.Error
		switch {
		case err == nil:
			d.fate = committed
			return
		case errors.As(err, &e) && e.Code == api.CodeConflict:
			d.fate = refused
			return
		}
	}
}

func checkHistory(t *testing.T, history []*deed, final, logged string) {
	t.Helper()
	seen := map[string]bool{}
	for _, d := range history {
		for _, v := range d.reads {
			seen[v] = true
		}
	}
	if !strings.HasSuffix(final, fmt.Sprintf(",%d]", 100*historyAccounts)) {
		t.Errorf("money was made or lost: %s", final)
	}
	counts := map[fate]int{}
	for _, d := range history {
		counts[d.fate]++
		inLog, inState := strings.Contains(logged, `"`+d.name+`"`), seen[d.name] && len(d.writes) > 0 || strings.Contains(final, `"`+d.name+`"`)
		switch {
		case d.fate == committed && len(d.writes) > 0 && !inLog:
			t.Errorf("%s was committed and is lost", d.name)
		case (d.fate == refused || d.fate == abandoned) && (inLog || inState):
			t.Errorf("%s did not happen, and is there", d.name)
		case d.fate == unknown && (inLog || inState):
			d.fate = committed
		}
	}
	if n, rest, _ := strings.Cut(strings.Trim(logged, "["), ","); !strings.HasPrefix(rest, n+",") {
		t.Errorf("something happened twice: %s", logged[:min(40, len(logged))])
	}
	if counts[committed] < len(history)/10 {
		t.Errorf("only %d of %d were committed", counts[committed], len(history))
	}
	t.Logf("%d committed, %d in conflict, %d abandoned, %d unknown", counts[committed], counts[refused], counts[abandoned], counts[unknown])
	if cycle := findCycle(history); cycle != nil {
		t.Errorf("no order fits: %v", cycle)
	}
}

// findCycle draws who must come before whom, and returns a ring, nil where there is none. A version has one successor,
// because every writer read what it replaced.
func findCycle(history []*deed) []string {
	after := map[string][]string{} // name → names that come later
	next := map[string]string{}    // account and version → the deed that replaced it
	for _, d := range history {
		if d.fate != committed {
			continue
		}
		for account := range d.writes {
			place := fmt.Sprint(account, " ", d.reads[account])
			if other, taken := next[place]; taken {
				return []string{other, d.name, "both replaced", place}
			}
			next[place] = d.name
			after[d.reads[account]] = append(after[d.reads[account]], d.name)
		}
	}
	for _, d := range history {
		if d.fate != committed {
			continue
		}
		for account, version := range d.reads {
			after[version] = append(after[version], d.name)
			if later := next[fmt.Sprint(account, " ", version)]; later != "" && later != d.name {
				after[d.name] = append(after[d.name], later)
			}
		}
	}
	return ring(after)
}

func ring(after map[string][]string) []string {
	const open, closed = 1, 2
	state := map[string]int{}
	var path []string
	var walk func(name string) bool
	walk = func(name string) bool {
		state[name] = open
		path = append(path, name)
		for _, later := range after[name] {
			if state[later] == open {
				path = append(path, later)
				return true
			}
			if state[later] == 0 && walk(later) {
				return true
			}
		}
		state[name] = closed
		path = path[:len(path)-1]
		return false
	}
	for name := range after {
		if state[name] == 0 && walk(name) {
			return path
		}
	}
	return nil
}

// TestHistory_FindsWhatDoesNotFit: the checker itself can fail.
func TestHistory_FindsWhatDoesNotFit(t *testing.T) {
	deeds := func(list ...*deed) []*deed { return list }
	made := func(name string, reads map[int]string, writes ...int) *deed {
		d := &deed{name: name, fate: committed, reads: reads, writes: map[int]bool{}}
		for _, w := range writes {
			d.writes[w] = true
		}
		return d
	}
	for name, history := range map[string][]*deed{
		"lost update": deeds(made("a", map[int]string{1: "start"}, 1), made("b", map[int]string{1: "start"}, 1)),
		"write skew":  deeds(made("a", map[int]string{1: "start", 2: "start"}, 1), made("b", map[int]string{1: "start", 2: "start"}, 2)),
		"torn read": deeds(made("a", map[int]string{1: "start", 2: "start"}, 1, 2),
			made("b", map[int]string{1: "a", 2: "start"})),
	} {
		if findCycle(history) == nil {
			t.Errorf("%s is found to fit", name)
		}
	}
	fits := deeds(made("a", map[int]string{1: "start", 2: "start"}, 1), made("b", map[int]string{1: "a", 2: "start"}, 2), made("c", map[int]string{1: "start", 2: "start"}))
	if cycle := findCycle(fits); cycle != nil {
		t.Errorf("what fits does not: %v", cycle)
	}
}
