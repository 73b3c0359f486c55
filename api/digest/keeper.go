package digest

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/hivellm/nexus/fsm"
	"github.com/hivellm/nexus/raft"
)

// Defaults and bounds of time.
const (
	// DefaultEvery is the pace of marks (R18).
	DefaultEvery = 10 * time.Second
	// DefaultScrubEvery is the pause between two rounds of the scrub.
	DefaultScrubEvery = 10 * time.Minute
	// soonest is how soon after a mark damage that is told makes another one.
	soonest = time.Second
	// answerTimeout bounds the wait for the votes of others, who must apply the mark first.
	answerTimeout = 5 * time.Second
	// tellTimeout bounds each verdict and each notice.
	tellTimeout = 2 * time.Second
	// transferTimeout bounds the attempt to give leadership away.
	transferTimeout = 5 * time.Second
)

// Config is what a Keeper stands on.
type Config struct {
	Machine *fsm.Machine
	Node    *raft.Node
	Logger  *slog.Logger
	// Mark proposes a mark from a position on. It returns the mark's entry once it is applied here, and where the next
	// one goes on.
	Mark func(ctx context.Context, from int) (index uint64, next int, err error)
	// Every is the pace of marks, 0 = DefaultEvery; ScrubEvery the pause between rounds of the scrub, 0 =
	// DefaultScrubEvery.
	Every, ScrubEvery time.Duration
}

// Difference is a database of which a node holds something else than the majority, or of which there is none.
type Difference struct {
	Node  string // "" where there is no majority
	Place fsm.Place
	// Index is the mark's entry.
	Index uint64
}

// Keeper compares and repairs. Safe for concurrent use. Close ends it.
type Keeper struct {
	config Config
	nudges chan struct{} // damage was told: mark soon
	jobs   chan job      // the repair that comes next
	stop   func()
	owned  sync.WaitGroup

	mu          sync.Mutex
	told        map[string]bool // guarded by mu: nodes to whom the last verdict said something
	differences []Difference    // guarded by mu: of the last mark this node judged
}

// New makes a keeper, registers what peers may ask of it, and begins to scrub and to wait for verdicts.
func New(config Config) *Keeper {
	if config.Every == 0 {
		config.Every = DefaultEvery
	}
	if config.ScrubEvery == 0 {
		config.ScrubEvery = DefaultScrubEvery
	}
	k := &Keeper{config: config, nudges: make(chan struct{}, 1), jobs: make(chan job, 1), told: map[string]bool{}}
	k.register()
	ctx, cancel := context.WithCancel(context.Background())
	k.stop = cancel
	k.owned.Go(func() { k.scrub(ctx) })
	k.owned.Go(func() { k.tellDamage(ctx) })
	k.owned.Go(func() { k.repairs(ctx) })
	return k
}

// Close ends what the keeper started and waits for it. Lead must have returned.
func (k *Keeper) Close() {
	k.stop()
	k.owned.Wait()
}

// Differences returns what the last mark showed that this node judged as the leader.
func (k *Keeper) Differences() []Difference {
	k.mu.Lock()
	defer k.mu.Unlock()
	return append([]Difference(nil), k.differences...)
}

// Lead marks and judges while ctx lasts, which is as long as the term that this node leads. The first mark is made at
// once, so that a new leader knows what its predecessor knew.
func (k *Keeper) Lead(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	var last time.Time
	for from := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-k.nudges:
			timer.Reset(max(0, min(soonest, k.config.Every)-time.Since(last)))
			continue
		case <-timer.C:
		}
		last = time.Now()
		next, err := k.round(ctx, from)
		if err != nil && ctx.Err() == nil {
			k.config.Logger.Warn("digests were not compared", "error", err.Error())
		}
		from = next
		timer.Reset(k.config.Every)
	}
}

// round is one mark: proposed, compared, judged, told.
func (k *Keeper) round(ctx context.Context, from int) (next int, err error) {
	index, next, err := k.config.Mark(ctx, from)
	if err != nil {
		return from, err
	}
	own, known := k.config.Machine.Votes(index)
	if !known {
		return next, errors.New("the mark was applied and forgotten before it was compared")
	}
	voters, learners := k.config.Node.Voters(), k.config.Node.Learners()
	nodes := slices.Concat(voters, learners)
	answers := k.ask(ctx, index, own, nodes)
	j := judge(voters, learners, answers)
	k.note(index, nodes, j)
	k.settle(ctx, index, nodes, answers, j)
	return next, nil
}

// note remembers and logs what a mark showed.
func (k *Keeper) note(index uint64, nodes []string, j judgement) {
	var list []Difference
	for _, node := range nodes {
		for _, place := range j.minority[node] {
			list = append(list, Difference{Node: node, Place: place, Index: index})
		}
	}
	for _, place := range j.readOnly {
		list = append(list, Difference{Place: place, Index: index})
	}
	for _, d := range list {
		k.config.Logger.Error("digests differ", "mark", index, "node", d.Node, "tenant", d.Place.Tenant.String(),
			"database", uint32(d.Place.Database), "majority", d.Node != "")
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.differences = list
}

// settle carries a judgement out. A leader in the minority stops its own reads, then gives leadership away: the next
// leader's first mark brings it the verdict that makes it whole.
func (k *Keeper) settle(ctx context.Context, index uint64, nodes []string, answers map[string][]fsm.Vote, j judgement) {
	self := k.config.Node.Self().ID
	k.config.Machine.Judge(fsm.Judgement{Index: index, Minority: j.minority[self], ReadOnly: j.readOnly})
	for _, node := range nodes {
		_, answered := answers[node]
		news := len(j.minority[node]) > 0 || len(j.readOnly) > 0
		if node == self || !answered || !news && !k.wasTold(node) {
			continue
		}
		v := verdict{Index: index, Minority: placesOnWire(j.minority[node]), ReadOnly: placesOnWire(j.readOnly), Source: j.source(node, self)}
		if err := k.tell(ctx, node, v); err != nil {
			k.config.Logger.Warn("a verdict was not told", "node", node, "error", err.Error())
			continue
		}
		k.nowTold(node, news)
	}
	if len(j.minority[self]) > 0 {
		k.giveAway(ctx, self, j)
	}
}

func (k *Keeper) giveAway(ctx context.Context, self string, j judgement) {
	if len(j.whole) == 0 {
		k.config.Logger.Error("this leader is in the minority, and no node that answered is whole: leadership stays")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, transferTimeout)
	defer cancel()
	k.config.Logger.Error("giving leadership away: this node's copy of a database is damaged", "node", self, "to", j.whole[0])
	if err := k.config.Node.TransferLeadership(ctx, j.whole[0]); err != nil {
		k.config.Logger.Warn("leadership was not given away", "error", err.Error())
	}
}

func (k *Keeper) wasTold(node string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.told[node]
}

// nowTold remembers only those who still have something to be told: at most the members.
func (k *Keeper) nowTold(node string, news bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if news {
		k.told[node] = true
	} else {
		delete(k.told, node)
	}
}
