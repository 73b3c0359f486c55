package round

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// ErrNotConfirmed says that no majority of voters answered with the leader's term in time.
var ErrNotConfirmed = errors.New("leadership not confirmed by a majority of voters")

// maxQuestions bounds the questions to one voter under way; beyond, it is not asked (and so does not confirm).
const maxQuestions = 4

// Config is what [New] needs.
type Config struct {
	Self   string
	Voters func() []string                                         // the voters of the latest configuration
	Own    func() uint64                                           // this node's current term
	Ask    func(ctx context.Context, voter string) (uint64, error) // a voter's current term
	// AnswerTimeout bounds one question.
	AnswerTimeout time.Duration
}

// Round asks voters for their terms. Its methods may be called from any goroutine.
type Round struct {
	config  Config
	mu      sync.Mutex
	asking  map[string]int // guarded by mu: questions under way, by voter
	running sync.WaitGroup
	ctx     context.Context
	cancel  context.CancelFunc
}

// New makes a round.
func New(config Config) *Round {
	ctx, cancel := context.WithCancel(context.Background())
	return &Round{config: config, asking: map[string]int{}, ctx: ctx, cancel: cancel}
}

// Confirm asks every voter and returns nil once a majority, self included, answered exactly term. A cluster of one
// voter asks nobody.
func (r *Round) Confirm(ctx context.Context, term uint64) error {
	voters := r.config.Voters()
	needed := len(voters)/2 + 1
	agreed, others := 0, make([]string, 0, len(voters))
	for _, voter := range voters {
		if voter != r.config.Self {
			others = append(others, voter)
		} else if r.config.Own() == term {
			agreed++
		}
	}
	if agreed < needed {
		if err := r.askAll(ctx, term, others, needed-agreed); err != nil {
			return err
		}
	}
	if r.config.Own() != term {
		return fmt.Errorf("%w: own term moved on from %d", ErrNotConfirmed, term)
	}
	return nil
}

// Close cancels the questions under way and waits for them.
func (r *Round) Close() {
	r.cancel()
	r.running.Wait()
}

// askAll asks all others at once and returns once enough agreed, or enough did not.
func (r *Round) askAll(ctx context.Context, term uint64, others []string, needed int) error {
	answers := make(chan bool, len(others))
	for _, voter := range others {
		r.ask(voter, term, answers)
	}
	for left := len(others); needed > 0; left-- {
		if left < needed {
			return ErrNotConfirmed
		}
		select {
		case agrees := <-answers:
			if agrees {
				needed--
			}
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ErrNotConfirmed, context.Cause(ctx))
		}
	}
	return nil
}

// ask sends one question in the background and puts one answer into answers.
func (r *Round) ask(voter string, term uint64, answers chan<- bool) {
	if !r.begin(voter) {
		answers <- false
		return
	}
	go func() {
		defer r.end(voter)
		ctx, cancel := context.WithTimeout(r.ctx, r.config.AnswerTimeout)
		defer cancel()
		answered, err := r.config.Ask(ctx, voter)
		answers <- err == nil && answered == term
	}()
}

func (r *Round) begin(voter string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.asking[voter] >= maxQuestions || r.ctx.Err() != nil {
		return false
	}
	r.asking[voter]++
	r.running.Add(1)
	return true
}

func (r *Round) end(voter string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.asking[voter]--; r.asking[voter] == 0 {
		delete(r.asking, voter)
	}
	r.running.Done()
}
