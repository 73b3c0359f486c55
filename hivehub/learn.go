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

// learning asks for keys nobody knows.
type learning struct {
	r         *Reconciler
	questions *Questions

	mu      sync.Mutex
	running context.Context      // guarded by mu; nil when Run does not run
	flights map[string]*flight   // guarded by mu; at most ClusterQuestions·learnTimeout
	unknown map[string]time.Time // guarded by mu; key id → until when it is not asked for again
	order   []string             // guarded by mu; of unknown, oldest first
	work    sync.WaitGroup
}

type flight struct {
	done chan struct{}
	err  error // set before done is closed
}

func newLearning(r *Reconciler) *learning {
	return &learning{r: r, questions: NewQuestions(ClusterQuestions), flights: map[string]*flight{}, unknown: map[string]time.Time{}}
}

// open lets questions go until close, which waits for them.
func (l *learning) open(running context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running = running
}

func (l *learning) close() {
	l.mu.Lock()
	l.running = nil
	l.mu.Unlock()
	l.work.Wait()
}

// Learn asks the hub for a key that the machine does not know, once however many ask, and puts it into the log. nil:
// the machine knows the key now. ErrNotFound: the hub does not know it either, or did not within the last minute.
func (r *Reconciler) Learn(ctx context.Context, keyID string) error {
	if err := tenancy.CheckKeyID(keyID); err != nil {
		return invalid(callKey, err)
	}
	if _, known := r.machine.Key(keyID); known {
		return nil
	}
	f, err := r.asking.join(keyID)
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

// join finds the question for a key that is under way, or begins it.
func (l *learning) join(keyID string) (*flight, error) {
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

func (l *learning) fly(running context.Context, keyID string, f *flight) {
	ctx, cancel := context.WithTimeout(running, learnTimeout)
	defer cancel()
	f.err = l.r.learn(ctx, keyID)
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.flights, keyID)
	if errors.Is(f.err, ErrNotFound) {
		l.remember(keyID, time.Now())
	}
	close(f.done)
}

// forget drops what is old.
func (l *learning) forget(now time.Time) {
	for len(l.order) > 0 && !now.Before(l.unknown[l.order[0]]) {
		delete(l.unknown, l.order[0])
		l.order = l.order[1:]
	}
}

func (l *learning) remember(keyID string, now time.Time) {
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
