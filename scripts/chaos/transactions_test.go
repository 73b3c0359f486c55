package chaos

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hivellm/nexus/scripts/cluster"
)

const (
	worldAccounts = 8
	worldBalance  = 100
	worldDoctors  = 4
	worldClients  = 4
	worldRooms    = 400
	roomWidth     = 100 // a room's bookings stand at its number times this, and above
	// commitPatience is for how long a commit whose outcome is open is sent again.
	commitPatience = 40 * time.Second
	// txIdleMs is longer than any fault stops a node for.
	txIdleMs = 20_000
)

// transactions has clients of three worlds, two databases of one tenant and one of another, work in transactions through
// all nodes while leaders are killed, paused and moved, and judges each world by what its clients saw.
func transactions(ctx context.Context, s *stage) error {
	other, err := s.c.Tenant(ctx, s.name+"-other", nil)
	if err != nil {
		return err
	}
	if err := s.c.CreateDatabase(ctx, s.k, "second"); err != nil {
		return err
	}
	terms := &terms{c: s.c}
	worlds := []*world{
		newWorld(s, terms, "one", s.k.Client, ""), newWorld(s, terms, "two", s.k.Client, "second"), newWorld(s, terms, "three", other.Client, ""),
	}
	for _, w := range worlds {
		if err := w.fill(ctx); err != nil {
			return err
		}
	}
	working, stop := context.WithCancel(ctx)
	defer stop()
	var clients errgroup.Group
	clients.Go(func() error { terms.follow(working); return nil })
	for _, w := range worlds {
		for client := range worldClients {
			clients.Go(func() error { return w.client(ctx, working, client) })
		}
	}
	err = s.strikeTransactions(ctx, worlds)
	stop()
	if err := errors.Join(clients.Wait(), err); err != nil {
		return err
	}
	if err := s.c.Ready(ctx); err != nil {
		return err
	}
	for _, w := range worlds {
		if err := w.judge(ctx); err != nil {
			return err
		}
	}
	_, err = s.c.Agree(ctx)
	return err
}

// strikeTransactions kills and pauses leaders, and does what else the nemesis does, while the clients work.
func (s *stage) strikeTransactions(ctx context.Context, worlds []*world) error {
	var faults tally
	n := &nemesis{c: s.c, random: s.random, faults: &faults}
	if err := n.wait(ctx, 700, 1000); err != nil { // some work without a fault
		return err
	}
	for round := range cluster.Size(6, 24) {
		if err := n.quorum(ctx); err != nil {
			return err
		}
		leader, err := s.c.Leader(ctx)
		if err != nil {
			return err
		}
		switch round % 4 {
		case 0:
			faults.add("leader killed")
			err = n.killed(ctx, leader)
		case 1:
			faults.add("leader paused")
			err = n.paused(ctx, 600, 1_500, leader)
		default:
			err = n.strike(ctx)
		}
		if err := errors.Join(err, n.wait(ctx, 300, 700)); err != nil {
			return err
		}
		if err := worldsBroken(worlds); err != nil {
			return err
		}
	}
	s.logf("transactions: %s", faults.text())
	return n.quorum(ctx)
}

func worldsBroken(worlds []*world) error {
	for _, w := range worlds {
		if err := w.broken.Load(); err != nil {
			return *err
		}
	}
	return nil
}

// terms follows the highest term that any node tells.
type terms struct {
	c       *cluster.Cluster
	highest atomic.Uint64
}

func (t *terms) follow(ctx context.Context) {
	for ctx.Err() == nil {
		t.look(ctx)
		_ = lasting(ctx, 50*time.Millisecond)
	}
}

func (t *terms) look(ctx context.Context) uint64 {
	for _, n := range t.c.Nodes {
		if n.State() != cluster.Up {
			continue
		}
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		status, err := t.c.Status(ctx, n)
		cancel()
		if err == nil && status.Term > t.highest.Load() {
			t.highest.Store(status.Term)
		}
	}
	return t.highest.Load()
}

// world is one database with accounts, claims and doctors of its own.
type world struct {
	c        *cluster.Cluster
	k        *cluster.Client
	terms    *terms
	name     string // in every version written here, and nowhere else
	database string
	seed     uint64
	begin    time.Time
	logf     func(string, ...any)

	broken atomic.Pointer[error]
	// slot and room are the first ones that may be free: all who claim or book compete for them.
	slot, room atomic.Int64
	mu         sync.Mutex
	deeds      []*deed // guarded by mu
}

func newWorld(s *stage, terms *terms, name string, k *cluster.Client, database string) *world {
	return &world{c: s.c, k: k, terms: terms, name: s.name + "/" + name, database: database, seed: s.random.Uint64(), begin: time.Now(), logf: s.logf}
}

// start is the version of what nobody wrote yet.
func (w *world) start() string { return w.name + "/start" }

func (w *world) fill(ctx context.Context) error {
	for _, text := range []string{
		"CREATE INDEX FOR (a:Account) ON (a.id)", "CREATE INDEX FOR (c:Claim) ON (c.slot)", "CREATE INDEX FOR (d:Doctor) ON (d.duty)",
		"UNWIND range(1, $accounts) AS i CREATE (:Account {id: i, balance: $balance, n: 0, v: $start})",
		"UNWIND range(1, $doctors) AS i CREATE (:Doctor {id: i, duty: 1})",
		"UNWIND range(1, 300) AS i CREATE (:Claim {slot: -i, by: $start}), (:Doctor {id: -i, duty: -i})",
		"CREATE INDEX FOR (b:Booking) ON (b.at)",
		"UNWIND range(0, $rooms - 1) AS i CREATE (:Booking {at: i * $width, by: $start})",
		"CREATE (:Log {by: $start})",
	} {
		_, err := good(ctx, w.k, w.c.Nodes[0], cluster.Query{Text: text, Database: w.database, Parameters: map[string]any{
			"accounts": worldAccounts, "balance": worldBalance, "doctors": worldDoctors, "start": w.start(), "rooms": worldRooms, "width": roomWidth}})
		if err != nil {
			return err
		}
	}
	return nil
}

// client does one transaction after another until it is told to stop; the last is brought to its end.
func (w *world) client(ctx, working context.Context, number int) error {
	random := rand.New(rand.NewPCG(w.seed, uint64(number)))
	for sequence := 0; working.Err() == nil; sequence++ {
		s := &session{
			w: w, random: random, at: number + sequence,
			deed: &deed{name: fmt.Sprintf("%s/%d-%d", w.name, number, sequence), reads: map[string]string{}, writes: map[string]bool{}},
		}
		s.begun, s.term = time.Since(w.begin), w.terms.highest.Load()
		err := s.play(ctx)
		s.end = time.Since(w.begin)
		if err != nil {
			err = fmt.Errorf("%s (%s): %w", s.name, s.kind, err)
			w.broken.CompareAndSwap(nil, &err)
			return err
		}
		w.mu.Lock()
		w.deeds = append(w.deeds, s.deed)
		w.mu.Unlock()
		if s.fate != deedCommitted {
			pause(ctx)
		}
	}
	return nil
}

// judge compares what the clients saw with what is there.
func (w *world) judge(ctx context.Context) error {
	logged, err := w.logged(ctx)
	if err != nil {
		return err
	}
	counts := map[string]int{}
	for _, d := range w.deeds {
		switch times := logged[d.name]; {
		case times > 1:
			return violation("%s happened %d times", d.name, times)
		case d.fate == deedCommitted && len(d.writes) > 0 && times == 0:
			return violation("%s (%s) was committed and is lost", d.name, d.kind)
		case (d.fate == deedRefused || d.fate == deedAbandoned) && times > 0:
			return violation("%s (%s) did not happen (%s), and is there", d.name, d.kind, d.conflict)
		case d.fate == deedUnknown:
			counts["of unknown outcome"]++
			if times > 0 {
				d.fate, d.end = deedCommitted, math.MaxInt64
			}
		}
	}
	for _, d := range w.deeds {
		counts[map[deedFate]string{deedCommitted: "committed", deedRefused: "in conflict", deedAbandoned: "abandoned", deedUnknown: "not done"}[d.fate]]++
	}
	if counts["committed"] < cluster.Size(5, 20) { // quick runs share the machine with other tests
		return fmt.Errorf("%s: only %v: nothing to judge", w.name, counts)
	}
	w.logf("%s: %v, all in one order", w.name, counts)
	if fault := serialFault(w.deeds, w.start()); fault != "" {
		return violation("%s", fault)
	}
	return errors.Join(w.conflictsAreTrue(), w.remains(ctx))
}

// logged counts what each committed transaction left.
func (w *world) logged(ctx context.Context) (map[string]int, error) {
	answer, err := good(ctx, w.k, w.c.Nodes[1], cluster.Query{Text: "MATCH (l:Log) RETURN l.by, count(*)", Database: w.database})
	if err != nil {
		return nil, err
	}
	rows, err := answer.Rows()
	if err != nil {
		return nil, err
	}
	logged := map[string]int{}
	for _, row := range rows {
		var times int
		if _, err := fmt.Sscan(fmt.Sprint(row[1]), &times); err != nil {
			return nil, err
		}
		logged[fmt.Sprint(row[0])] = times
	}
	return logged, nil
}

// conflictsAreTrue finds, for every conflict about what was read, who replaced it; those about a lost leader were judged
// when they came.
func (w *world) conflictsAreTrue() error {
	replaced, duties := map[string]bool{}, []*deed{}
	for _, d := range w.deeds {
		if d.fate != deedCommitted {
			continue
		}
		for item := range d.writes {
			replaced[item+" "+d.reads[item]] = true
		}
		if d.kind == "duty" {
			duties = append(duties, d)
		}
	}
	for _, d := range w.deeds {
		if d.fate != deedRefused || d.conflict != conflictRead {
			continue
		}
		caused := slices.ContainsFunc(slices.Collect(maps.Keys(d.reads)), func(item string) bool { return replaced[item+" "+d.reads[item]] })
		if d.kind == "duty" {
			caused = slices.ContainsFunc(duties, func(o *deed) bool { return o.end > d.begun && o.begun < d.end })
		}
		if !caused {
			return violation("%s (%s) read %v, is in CONFLICT, and nobody changed any of it", d.name, d.kind, d.reads)
		}
	}
	return nil
}

// remains asks every node for the sums that no transaction changes, and for what the last writers left.
func (w *world) remains(ctx context.Context) error {
	ups, claims, booked := 0, 0, worldRooms
	for _, d := range w.deeds {
		if d.fate == deedCommitted && d.kind == "count" {
			ups++
		}
		if d.fate == deedCommitted && d.kind == "claim" && len(d.writes) > 1 {
			claims++
		}
		if d.fate == deedCommitted && d.kind == "book" && len(d.writes) > 1 {
			booked++
		}
	}
	for _, n := range w.c.Nodes {
		for text, want := range map[string]int{
			"MATCH (a:Account) RETURN sum(a.balance)":                                           worldAccounts * worldBalance,
			"MATCH (a:Account) RETURN sum(a.n)":                                                 ups,
			"MATCH (c:Claim) WHERE c.slot >= 0 RETURN count(c)":                                 claims,
			"MATCH (c:Claim) WHERE c.slot >= 0 RETURN count(DISTINCT c.slot)":                   claims,
			"MATCH (b:Booking) RETURN count(b)":                                                 booked,
			"MATCH (d:Doctor) WHERE d.duty = 1 RETURN CASE WHEN count(d) > 0 THEN 1 ELSE 0 END": 1,
		} {
			answer, err := good(ctx, w.k, n, cluster.Query{Text: text, Database: w.database})
			if err != nil {
				return err
			}
			if got, err := answer.Int(); err != nil || got != int64(want) {
				return violation("%s at %s: %s is %d, not %d (%v)", w.name, n.Name, text, got, want, err)
			}
		}
	}
	return nil
}
