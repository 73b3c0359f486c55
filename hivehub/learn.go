package hivehub

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hivellm/nexus/tenancy"
)

const (
	// NodeQuestions and ClusterQuestions bound the questions for unknown keys, a second, of one node and of all.
	NodeQuestions, ClusterQuestions = 5, 20
	// LearnWait is how long a request may wait for the answer.
	LearnWait = 300 * time.Millisecond
	// UnknownMemory is how long a key that the hub does not know is not asked for again.
	UnknownMemory = 60 * time.Second
	// maxUnknown bounds that memory: more than the questions of its time.
	maxUnknown = 2 * ClusterQuestions * int(UnknownMemory/time.Second)
	// learnTimeout bounds one question, answer and log entry.
	learnTimeout = 5 * time.Second
)

// ErrTooManyQuestions says that unknown keys are asked for faster than the hub is bothered. Nothing is known of the key.
var ErrTooManyQuestions = errors.New("hivehub: too many questions for unknown keys")

// Questions bounds questions to a number a second, as many at once. It has no clock: now is passed in. Its method may
// be called at the same time.
type Questions struct {
	perSecond float64

	mu   sync.Mutex
	left float64   // guarded by mu
	last time.Time // guarded by mu
}

// NewQuestions allows perSecond questions a second.
func NewQuestions(perSecond int) *Questions {
	return &Questions{perSecond: float64(perSecond), left: float64(perSecond)}
}

// Allow takes one question, if one is left at now.
func (q *Questions) Allow(now time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if passed := now.Sub(q.last); passed > 0 {
		q.left = min(q.perSecond, q.left+passed.Seconds()*q.perSecond)
		q.last = now
	}
	if q.left < 1 {
		return false
	}
	q.left--
	return true
}

// Learner asks for keys that nobody here knows: one question however many ask, so many a second, and none again within
// [UnknownMemory] of an answer that there is no such key. Its methods may be called at the same time.
type Learner struct {
	ask       func(ctx context.Context, keyID string) error
	questions *Questions

	mu      sync.Mutex
	running context.Context      // guarded by mu; nil while closed
	flights map[string]*flight   // guarded by mu; at most questions a second · learnTimeout
	unknown map[string]time.Time // guarded by mu; key id → until when it is not asked for again
	order   []string             // guarded by mu; of unknown, oldest first
	work    sync.WaitGroup
}

type flight struct {
	done chan struct{}
	err  error // set before done is closed
}

// NewLearner makes a learner whose questions ask answers: nil, when the key is known now; ErrNotFound, when there is none.
// It is closed until Open.
func NewLearner(perSecond int, ask func(ctx context.Context, keyID string) error) *Learner {
	return &Learner{ask: ask, questions: NewQuestions(perSecond), flights: map[string]*flight{}, unknown: map[string]time.Time{}}
}

// Open lets questions go until Close or the end of the context.
func (l *Learner) Open(running context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running = running
}

// Close waits for the questions under way; the context of Open ends them.
func (l *Learner) Close() {
	l.mu.Lock()
	l.running = nil
	l.mu.Unlock()
	l.work.Wait()
}

// Learn waits for the answer about a key, or for the context; the question goes on then. nil: the key is known now.
// ErrNotFound: there is none, or there was none within the last minute. ErrTooManyQuestions, ErrNotRunning: not asked.
func (l *Learner) Learn(ctx context.Context, keyID string) error {
	if err := tenancy.CheckKeyID(keyID); err != nil {
		return invalid(callKey, err)
	}
	f, err := l.join(keyID)
	if err != nil {
		return err
	}
	select {
	case <-f.done:
		return f.err
	case <-ctx.Done():
		return fmt.Errorf("learn a key: %w", context.Cause(ctx))
	}
}

// Learn asks the hub for a key that the machine does not know, once however many ask, and puts it into the log. nil:
// the machine knows the key now. ErrNotFound: the hub does not know it either, or did not within the last minute.
func (r *Reconciler) Learn(ctx context.Context, keyID string) error {
	if _, known := r.machine.Key(keyID); known {
		return nil
	}
	return r.asking.Learn(ctx, keyID)
}

// join finds the question for a key that is under way, or begins it.
func (l *Learner) join(keyID string) (*flight, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	running := l.running
	if running == nil || running.Err() != nil {
		return nil, ErrNotRunning
	}
	if f := l.flights[keyID]; f != nil {
		return f, nil
	}
	now := time.Now()
	l.forget(now)
	if _, asked := l.unknown[keyID]; asked {
		return nil, ErrNotFound
	}
	if !l.questions.Allow(now) {
		return nil, ErrTooManyQuestions
	}
	f := &flight{done: make(chan struct{})}
	l.flights[keyID] = f
	l.work.Go(func() { l.fly(running, keyID, f) })
	return f, nil
}

func (l *Learner) fly(running context.Context, keyID string, f *flight) {
	ctx, cancel := context.WithTimeout(running, learnTimeout)
	defer cancel()
	f.err = l.ask(ctx, keyID)
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.flights, keyID)
	if errors.Is(f.err, ErrNotFound) {
		l.remember(keyID, time.Now())
	}
	close(f.done)
}

// forget drops what is old.
func (l *Learner) forget(now time.Time) {
	for len(l.order) > 0 && !now.Before(l.unknown[l.order[0]]) {
		delete(l.unknown, l.order[0])
		l.order = l.order[1:]
	}
}

func (l *Learner) remember(keyID string, now time.Time) {
	if len(l.order) >= maxUnknown { // the questions' rate keeps it far below
		delete(l.unknown, l.order[0])
		l.order = l.order[1:]
	}
	l.unknown[keyID] = now.Add(UnknownMemory)
	l.order = append(l.order, keyID)
}

func (r *Reconciler) learn(ctx context.Context, keyID string) error {
	key, err := r.client.Key(ctx, keyID)
	if err != nil {
		if errors.Is(err, ErrNotFound) {
			r.counts.unknown.Add(1)
		}
		return err
	}
	part := r.newKeyChanges()
	if err := part.add(ctx, &key); err != nil {
		return err
	}
	change := part.change()
	if len(change.Keys) == 0 { // refused, or known meanwhile
		if _, known := r.machine.Key(keyID); known {
			return nil
		}
		return ErrNotFound
	}
	if err := r.propose(ctx, change); err != nil {
		return err
	}
	r.counts.learned.Add(1)
	return nil
}
