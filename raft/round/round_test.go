package round

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func bounded(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestGroup_ServesOnlyThoseWhoArrivedBeforeItWasSent(t *testing.T) {
	sent, answer := make(chan struct{}, 10), make(chan int)
	g := NewGroup(10*time.Second, func(ctx context.Context) (int, error) {
		sent <- struct{}{}
		select {
		case value := <-answer:
			return value, nil
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	})
	defer g.Close()
	ask := func(results chan<- int) {
		value, err := g.Do(bounded(t))
		if err != nil {
			t.Error(err)
		}
		results <- value
	}
	early, late := make(chan int, 1), make(chan int, 5)
	go ask(early)
	<-sent // under way: whoever comes now waits for the next call
	for range cap(late) {
		go ask(late)
	}
	g.waitGathering(t)
	answer <- 1
	if value := <-early; value != 1 {
		t.Fatalf("the early read got %d", value)
	}
	next := 2
	for range cap(late) {
		select {
		case value := <-late:
			if value < 2 {
				t.Fatalf("a late read got the answer of a call sent before it arrived")
			}
		case <-sent:
			answer <- next
			next++
			if value := <-late; value < 2 {
				t.Fatalf("a late read got the answer of a call sent before it arrived")
			}
		}
	}
}

// waitGathering waits until somebody waits for the next call, or a moment has passed.
func (g *Group[T]) waitGathering(t *testing.T) {
	deadline := time.After(500 * time.Millisecond)
	for {
		g.mu.Lock()
		gathering := g.gather != nil
		g.mu.Unlock()
		if gathering {
			return
		}
		select {
		case <-deadline:
			t.Error("nobody waits for the next call")
			return
		case <-time.After(time.Millisecond):
		}
	}
}

func TestGroup_ErrorsAndContexts(t *testing.T) {
	boom := errors.New("boom")
	g := NewGroup(10*time.Millisecond, func(ctx context.Context) (int, error) {
		<-ctx.Done()
		return 0, boom
	})
	if _, err := g.Do(bounded(t)); !errors.Is(err, boom) {
		t.Fatalf("error %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := g.Do(ctx); !errors.Is(err, context.Canceled) && !errors.Is(err, boom) {
		t.Fatalf("error %v", err)
	}
	g.Close()
	if _, err := g.Do(bounded(t)); err == nil {
		t.Fatal("a closed group answers")
	}
}

func TestRound_NeedsAMajorityOfExactlyTheTerm(t *testing.T) {
	const down = 0
	cases := map[string]struct {
		voters  []string
		own     uint64
		terms   map[string]uint64
		confirm bool
	}{
		"alone":                         {[]string{"self"}, 5, nil, true},
		"alone in another term":         {[]string{"self"}, 6, nil, false},
		"all agree":                     {[]string{"self", "b", "c"}, 5, map[string]uint64{"b": 5, "c": 5}, true},
		"one down":                      {[]string{"self", "b", "c"}, 5, map[string]uint64{"b": down, "c": 5}, true},
		"one newer":                     {[]string{"self", "b", "c"}, 5, map[string]uint64{"b": 6, "c": 5}, true},
		"both down":                     {[]string{"self", "b", "c"}, 5, map[string]uint64{"b": down, "c": down}, false},
		"both newer":                    {[]string{"self", "b", "c"}, 5, map[string]uint64{"b": 6, "c": 6}, false},
		"older does not count":          {[]string{"self", "b", "c"}, 5, map[string]uint64{"b": 4, "c": 4}, false},
		"own term moved on":             {[]string{"self", "b", "c"}, 6, map[string]uint64{"b": 5, "c": 5}, false},
		"self is no voter":              {[]string{"b", "c", "d"}, 5, map[string]uint64{"b": 5, "c": down, "d": down}, false},
		"five, three agree":             {[]string{"self", "b", "c", "d", "e"}, 5, map[string]uint64{"b": 5, "c": down, "d": 5, "e": 6}, true},
		"five, two agree":               {[]string{"self", "b", "c", "d", "e"}, 5, map[string]uint64{"b": 5, "c": down, "d": 6, "e": 6}, false},
		"a learner is not in the round": {[]string{"self", "b", "c"}, 5, map[string]uint64{"b": down, "c": down, "learner": 5}, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := New(Config{Self: "self", Voters: func() []string { return c.voters }, Own: func() uint64 { return c.own },
				AnswerTimeout: time.Second,
				Ask: func(_ context.Context, voter string) (uint64, error) {
					if term := c.terms[voter]; term != down {
						return term, nil
					}
					return 0, errors.New("down")
				}})
			defer r.Close()
			if err := r.Confirm(bounded(t), 5); (err == nil) != c.confirm {
				t.Fatalf("confirm: %v", err)
			}
		})
	}
}

func TestRound_DoesNotWaitForTheSlowAndBoundsItsQuestions(t *testing.T) {
	asked := make(chan string, 100)
	r := New(Config{Self: "self", Voters: func() []string { return []string{"self", "fast", "slow"} },
		Own: func() uint64 { return 5 }, AnswerTimeout: time.Minute,
		Ask: func(ctx context.Context, voter string) (uint64, error) {
			if voter == "slow" {
				asked <- voter
				<-ctx.Done()
				return 0, ctx.Err()
			}
			return 5, nil
		}})
	defer r.Close()
	for range 10 {
		if err := r.Confirm(bounded(t), 5); err != nil {
			t.Fatal(err)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.asking["slow"] != maxQuestions {
		t.Fatalf("%d questions to one voter are under way", r.asking["slow"])
	}
}
