package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/hivellm/nexus/scripts/cluster"
)

const (
	historyClients   = 12
	historyRegisters = 16
	historyLength    = 2_000 // operations at least, each
	judgePatience    = 2 * time.Minute
	operationMs      = 2_500 // a client's patience with one attempt
	keyedAttempts    = 4
)

// checkHistories records histories under faults and has each judged.
func checkHistories(t *testing.T, c *cluster.Cluster) {
	random := cluster.Random(t)
	histories := cluster.Size(1, 24)
	k := tenant(t, cluster.Within(t, time.Minute), c, "histories")
	var total, unknown int
	var faults tally
	for number := range histories {
		h := &history{c: c, k: k.Client, number: number, begin: time.Now(), seed: random.Uint64()}
		h.record(t, random, &faults)
		u := h.judge(t)
		total, unknown = total+len(h.operations), unknown+u
		if t.Failed() {
			return
		}
	}
	t.Logf("%d histories, %d operations (%d of unknown outcome), all linearizable; faults: %s", histories, total, unknown, faults.text())
	agree(t, c, k.ID)
}

// history is one recorded run over registers of its own.
type history struct {
	c      *cluster.Cluster
	k      *cluster.Client
	number int
	seed   uint64
	begin  time.Time

	values atomic.Int64 // the next value to write; additions stay below it
	count  atomic.Int64 // operations with an answer or of unknown outcome

	mu         sync.Mutex
	operations []porcupine.Operation // guarded by mu
}

// record runs clients and the nemesis until there are enough operations and faults, then lets everything heal.
func (h *history) record(t *testing.T, random *rand.Rand, faults *tally) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	working, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, 1)
	go func() {
		done <- each(working, historyClients, func(working context.Context, client int) error {
			return h.client(ctx, working, client)
		})
	}()
	n := &nemesis{c: h.c, random: random, faults: faults}
	least := cluster.Size(3, 5) // faults
	for made := 0; made < least || h.count.Load() < historyLength; made++ {
		if err := n.strike(ctx); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-done:
			t.Fatalf("history %d: the clients ended: %v", h.number, err)
		default:
		}
	}
	if err := n.quorum(ctx); err != nil {
		t.Fatal(err)
	}
	before := h.count.Load() // some operations after healing see what remained
	err := cluster.Until(ctx, "operations after healing", func() (bool, error) { return h.count.Load() >= before+200, nil })
	stop()
	if clients := <-done; err != nil || clients != nil {
		t.Fatalf("history %d: %v, clients: %v", h.number, err, clients)
	}
}

// client runs operations one after another until it is told to stop; the last is brought to its end.
func (h *history) client(ctx, working context.Context, number int) error {
	random := rand.New(rand.NewPCG(h.seed, uint64(number)))
	seen := make([]int, historyRegisters) // what this client knew of each register last
	for i := range seen {
		seen[i] = absent
	}
	for sequence := 0; working.Err() == nil; sequence++ {
		in := h.choose(random, seen)
		call := int64(time.Since(h.begin))
		out, outcome, err := h.run(ctx, in, number, sequence)
		if err != nil {
			return fmt.Errorf("client %d, %s: %w", number, in.arguments, err)
		}
		back := int64(time.Since(h.begin))
		switch {
		case outcome == cluster.Refused || outcome == cluster.Unknown && in.kind == read:
			pause(ctx)
			continue // it had no effect and told nothing
		case outcome == cluster.Unknown:
			back = math.MaxInt64 // it may take effect whenever it likes
		case out.known && out.took:
			seen[in.register] = out.value
		case in.kind == write:
			seen[in.register] = in.value
		}
		h.mu.Lock()
		h.operations = append(h.operations, porcupine.Operation{ClientId: number, Input: in, Output: out, Call: call, Return: back})
		h.mu.Unlock()
		h.count.Add(1)
	}
	return nil
}

func (h *history) choose(random *rand.Rand, seen []int) input {
	in := input{register: random.IntN(historyRegisters), keyed: random.IntN(3) == 0}
	switch dice := random.IntN(100); {
	case dice < 50:
		in.keyed = false
		in.arguments = fmt.Sprintf("read %d", in.register)
	case dice < 75:
		in.kind, in.value = write, int(h.values.Add(1))*1_000_000
		in.arguments = fmt.Sprintf("write %d %d", in.register, in.value)
	case dice < 90:
		in.kind = add
		in.arguments = fmt.Sprintf("add %d", in.register)
	default:
		in.kind, in.expected, in.value = compare, seen[in.register], int(h.values.Add(1))*1_000_000
		in.arguments = fmt.Sprintf("compare %d %d with %d", in.register, in.value, in.expected)
	}
	return in
}

var texts = map[kind]string{
	read:    "MATCH (r:Register {history: $h, register: $r}) RETURN r.value",
	write:   "MERGE (r:Register {history: $h, register: $r}) SET r.value = $value",
	add:     "MATCH (r:Register {history: $h, register: $r}) SET r.value = r.value + 1 RETURN r.value",
	compare: "MATCH (r:Register {history: $h, register: $r}) WHERE r.value = $expected SET r.value = $value RETURN r.value",
}

// run asks for one operation. With a key it is asked for again, at other nodes, while nobody answered it.
func (h *history) run(ctx context.Context, in input, client, sequence int) (output, cluster.Outcome, error) {
	q := cluster.Query{Text: texts[in.kind], TimeoutMs: operationMs, Parameters: map[string]any{
		"h": h.number, "r": in.register, "value": in.value, "expected": in.expected,
	}}
	attempts := 1
	if in.keyed {
		attempts = keyedAttempts
		q.Key = fmt.Sprintf("history-%d-%d-%d", h.number, client, sequence)
	}
	whole := cluster.Refused
	for attempt := range attempts {
		node := h.c.Nodes[(client+attempt)%len(h.c.Nodes)]
		answer, outcome, err := h.k.Cypher(ctx, node, q)
		switch {
		case outcome == cluster.Done:
			out, err := outputOf(in, answer)
			return out, cluster.Done, err
		case err == nil && bearable(answer) != nil:
			return output{}, outcome, fmt.Errorf("%s: %w", node.Name, answer.Err())
		case outcome == cluster.Unknown:
			whole = cluster.Unknown
		}
		if attempt+1 < attempts {
			pause(ctx)
		}
	}
	return output{}, whole, nil
}

// outputOf reads an answer. A write that was only seen applied is answered without its rows.
func outputOf(in input, answer *cluster.Answer) (output, error) {
	var rows [][]int
	if err := json.Unmarshal(answer.RawRows, &rows); err != nil {
		return output{}, fmt.Errorf("rows %s: %w", answer.RawRows, err)
	}
	if len(rows) == 0 && answer.Replayed {
		return output{}, nil
	}
	out := output{known: true, took: len(rows) > 0, many: len(rows) > 1}
	if out.took && len(rows[0]) == 1 {
		out.value = rows[0][0]
	}
	return out, nil
}

// judge has the checker look at the history; the operations of unknown outcome are counted.
func (h *history) judge(t *testing.T) (unknown int) {
	t.Helper()
	for _, op := range h.operations {
		if op.Return == math.MaxInt64 {
			unknown++
		}
	}
	result, information := porcupine.CheckOperationsVerbose(registers(), h.operations, judgePatience)
	if result == porcupine.Ok {
		return unknown
	}
	path := filepath.Join(os.TempDir(), fmt.Sprintf("nexus-history-%d-%d.html", os.Getpid(), h.number))
	if err := porcupine.VisualizePath(registers(), information, path); err != nil {
		t.Error(err)
	}
	t.Errorf("history %d of %d operations is %s, see %s", h.number, len(h.operations), result, path)
	return unknown
}
