package isolation

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hivellm/nexus/scripts/cluster"
)

// marks are the two tenants' own words: each must never meet the other's.
var marks = [2]string{"alpha", "beta"}

// TestIsolation_InterleavedIsAsAlone runs two tenants' programs alone and then at once.
func TestIsolation_InterleavedIsAsAlone(t *testing.T) {
	c := cluster.New(t, cluster.Options{})
	seed := cluster.Random(t).Uint64()
	length := cluster.Size(300, 5_000) // of each of the two
	ctx := cluster.Within(t, 10*time.Minute)
	var programs [2][]step
	var alone, together [2]*session
	for i, mark := range marks {
		programs[i] = program(seed+uint64(i), mark, length, len(c.Nodes))
		alone[i] = begin(t, ctx, c, mark+"-alone")
		together[i] = begin(t, ctx, c, mark+"-together")
	}
	started := time.Now()
	for i := range marks {
		if err := alone[i].run(ctx, programs[i]); err != nil {
			t.Fatal(err)
		}
	}
	apart := time.Since(started)
	started = time.Now()
	var both errgroup.Group
	for i := range marks {
		both.Go(func() error { return together[i].run(ctx, programs[i]) })
	}
	if err := both.Wait(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d operations: alone one after the other %v, interleaved %v", 2*length,
		apart.Round(time.Millisecond), time.Since(started).Round(time.Millisecond))
	for i := range marks {
		compare(t, programs[i], alone[i], together[i])
		foreign(t, programs[i], together[i], marks[1-i])
	}
	sameData(t, ctx, c, alone, together)
}

// session is a tenant on its way through a program.
type session struct {
	*cluster.Tenant
	c        *cluster.Cluster
	bookmark string
	answers  [][]byte // what is comparable of each answer
	kinds    map[string]int
}

func begin(t *testing.T, ctx context.Context, c *cluster.Cluster, name string) *session {
	t.Helper()
	made, err := c.Tenant(ctx, name, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &session{Tenant: made, c: c, kinds: map[string]int{}}
}

func (s *session) run(ctx context.Context, steps []step) error {
	for i, one := range steps {
		answer, err := s.do(ctx, one)
		if err != nil {
			return fmt.Errorf("%s, step %d, %s: %w", s.Name, i, one, err)
		}
		s.answers = append(s.answers, answer)
	}
	return nil
}

func (s *session) do(ctx context.Context, one step) ([]byte, error) {
	node := s.c.Nodes[one.node]
	if one.path != "" {
		return s.look(ctx, node, one.path)
	}
	q := one.query
	if q.Consistency == "bookmark" {
		q.Bookmark = s.bookmark
		if q.Bookmark == "" {
			q.Consistency = "strong"
		}
	}
	var answer *cluster.Answer
	err := cluster.Until(ctx, "an answer", func() (bool, error) { // a 503 says that it did not happen
		var err error
		answer, _, err = s.Cypher(ctx, node, q)
		return err == nil && (answer.Problem == nil || answer.Problem.Status != http.StatusServiceUnavailable), err
	})
	if err != nil {
		return nil, err
	}
	if answer.Problem != nil {
		s.kinds[answer.Problem.Code]++
		if answer.Problem.Status >= 500 {
			return nil, answer.Err()
		}
		return without(answer.Body, "instance")
	}
	s.kinds["ok"]++
	if answer.Bookmark != "" {
		s.bookmark = answer.Bookmark
	}
	if one.definesIndex() {
		if err := s.awaitIndexes(ctx, q.Database); err != nil {
			return nil, err
		}
	}
	return bytes.Join([][]byte{answer.Columns, answer.RawRows, answer.Stats, answer.Notifications}, []byte("\n")), nil
}

// awaitIndexes waits until every node has built its own: what is shown of a build, and which plan is taken meanwhile,
// is a matter of time and not of who else is there.
func (s *session) awaitIndexes(ctx context.Context, database string) error {
	for _, node := range s.c.Nodes {
		q := cluster.Query{Text: "SHOW INDEXES", Database: database, Consistency: "bookmark", Bookmark: s.bookmark}
		err := cluster.Until(ctx, "indexes to be built", func() (bool, error) {
			answer, _, err := s.Cypher(ctx, node, q)
			return err == nil && answer.Problem == nil && !bytes.Contains(answer.RawRows, []byte(`"POPULATING"`)), err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// look asks another route; what names the request, the tenant or the hour is left out.
func (s *session) look(ctx context.Context, node *cluster.Node, path string) ([]byte, error) {
	var content json.RawMessage
	if err := s.Call(ctx, http.MethodGet, node, path, nil, &content); err != nil {
		if path == "/nosuch" {
			return []byte("refused"), nil
		}
		return nil, err
	}
	// What was used of a period is settled once a second, so it is a matter of time, too.
	return without(content, "instance", "tenant_id", "created_at", "usage", "requests_used", "writes_used")
}

// without takes fields out of an object, at any depth; numbers stay as they were written.
func without(content []byte, fields ...string) ([]byte, error) {
	var v any
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	if err := decoder.Decode(&v); err != nil {
		return nil, fmt.Errorf("decode %.200s: %w", content, err)
	}
	prune(v, fields)
	return json.Marshal(v)
}

func prune(v any, fields []string) {
	switch v := v.(type) {
	case map[string]any:
		for _, field := range fields {
			delete(v, field)
		}
		for inner := range maps.Values(v) {
			prune(inner, fields)
		}
	case []any:
		for _, inner := range v {
			prune(inner, fields)
		}
	}
}

const shownDifferences = 5

func compare(t *testing.T, steps []step, alone, together *session) {
	t.Helper()
	different := 0
	for i := range steps {
		if bytes.Equal(alone.answers[i], together.answers[i]) {
			continue
		}
		if different++; different <= shownDifferences {
			t.Errorf("%s, step %d: %s (%s)\nalone:    %.600s\ntogether: %.600s", together.Name, i, steps[i],
				reordered(alone.answers[i], together.answers[i]), alone.answers[i], together.answers[i])
		}
	}
	t.Logf("%s: %d answers, %d differ from alone; kinds %v", together.Name, len(steps), different, together.kinds)
}

// reordered tells two answers with the same rows in another order from truly different ones: such an order may come of a
// plan that another tenant's figures chose.
func reordered(a, b []byte) string {
	sorted := func(answer []byte) string {
		parts := bytes.Split(answer, []byte("],["))
		slices.SortFunc(parts, bytes.Compare)
		return string(bytes.Trim(bytes.Join(parts, nil), "[]"))
	}
	if len(a) == len(b) && len(sorted(a)) == len(sorted(b)) {
		return "perhaps the same rows in another order"
	}
	return "other content"
}

// foreign looks for the other's mark in everything a tenant was answered.
func foreign(t *testing.T, steps []step, s *session, mark string) {
	t.Helper()
	for i, answer := range s.answers {
		if bytes.Contains(answer, []byte(mark)) {
			t.Fatalf("%s, step %d, %s was answered something of %s: %.600s", s.Name, i, steps[i], mark, answer)
		}
	}
}

// sameData compares the digests of what each left behind: equal data has equal digests.
func sameData(t *testing.T, ctx context.Context, c *cluster.Cluster, alone, together [2]*session) {
	t.Helper()
	digest, err := c.Agree(ctx)
	if err != nil {
		t.Fatal(err)
	}
	of := map[string]cluster.DatabaseDigest{}
	for _, d := range digest.Databases {
		of[d.TenantID] = d
	}
	for i := range marks {
		a, b := of[alone[i].ID], of[together[i].ID]
		if a.Digest == "" || a.Digest != b.Digest || a.Nodes != b.Nodes || a.Bytes != b.Bytes {
			t.Errorf("%s left %+v alone and %+v together", marks[i], a, b)
		}
	}
}
