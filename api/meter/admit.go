package meter

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hivellm/nexus/tenancy"
	"github.com/hivellm/nexus/tenancy/ledger"
)

const (
	// patience is how long a request waits for a greater part of a rate or of a period; askEvery how often it asks.
	patience = time.Second
	askEvery = 250 * time.Millisecond
)

var (
	// ErrRate says that the tenant's rate, or this node's part of it, is used up now.
	ErrRate = errors.New("the tenant's rate of requests is used up for now")
	// ErrDry says that this node has no unit of the period left, though the tenant may have some elsewhere.
	ErrDry = errors.New("this node was granted no more of the period's units yet")
	// ErrNoLeader says that there is no leader who could grant.
	ErrNoLeader = errors.New("no leader grants units of the period")
	// ErrClosed says that the node stops.
	ErrClosed = errors.New("this node stops")
)

// Quotas by their limits' names.
const (
	QuotaRate     = "requests_per_second"
	QuotaRequests = "requests_per_month"
	QuotaWrites   = "writes_per_month"
)

// ExhaustedError says that a period's limit is reached.
type ExhaustedError struct {
	Quota       string
	Limit, Used uint64
	// ResetsAtMs is the end of the period, Unix milliseconds.
	ResetsAtMs int64
}

// Error implements error.
func (e *ExhaustedError) Error() string {
	return fmt.Sprintf("quota %s: limit %d, used %d", e.Quota, e.Limit, e.Used)
}

// Rate admits one request by the tenant's rate, or refuses it with ErrRate. Where this node has no part of the rate it
// asks the leader and waits a moment (R31). No lock, no allocation, no log entry where it admits at once.
func (t *Tenant) Rate(ctx context.Context) error {
	if !t.pace.Load().limited {
		return nil
	}
	now := t.meter.now()
	t.arrived.Add(1)
	t.lastNs.Store(now)
	verdict, p := t.take(now)
	if verdict == ledger.Admitted {
		return nil
	}
	t.starved.Add(1)
	err := ErrRate
	if p.hopeful && t.waits.enter() {
		defer t.waits.leave()
		err = t.awaitRate(ctx)
	}
	if err != nil {
		t.meter.counts.rateRefused.Add(1)
	}
	return err
}

func (t *Tenant) awaitRate(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		changed := t.waits.next()
		verdict, p := t.take(t.meter.now())
		wait := askEvery
		switch {
		case verdict == ledger.Admitted:
			return nil
		case p.hopeful:
			t.starved.Add(1)
			t.meter.ask(t)
		default: // a share came, and it fills
			if wait = p.fills(t.meter.now()); wait > patience {
				return ErrRate
			}
		}
		if !pause(ctx, changed, wait) {
			return ErrRate
		}
	}
}

// fills is how long until the bucket admits a request; more than patience where it takes long or never does.
func (p *pace) fills(now int64) time.Duration {
	word := ledger.Bucket(p.word.Load())
	if word == ledger.BucketClosed {
		return time.Millisecond // another is about to be shown
	}
	return time.Duration(min(p.allowance.Wait(word, now), int64(patience))) + time.Microsecond
}

// pause waits for a change, at most for a time; false at the context's end.
func pause(ctx context.Context, changed <-chan struct{}, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-changed:
	case <-timer.C:
	case <-ctx.Done():
		return false
	}
	return true
}

// Spend charges one request, of a plan that can write where write is set: an *ExhaustedError, ErrDry or ErrNoLeader where
// it is refused. A node that has run dry asks at once and waits a moment (R30). No lock, no allocation and no log entry
// where it is charged at once.
func (t *Tenant) Spend(ctx context.Context, write bool) error {
	var now int64
	if t.limited.Load() != 0 {
		now = t.meter.now()
		t.lastNs.Store(now)
	}
	if t.spend(write, now) == ledger.Admitted {
		return nil
	}
	err := ErrDry
	if t.waits.enter() {
		defer t.waits.leave()
		err = t.awaitUnits(ctx, write)
	}
	if err != nil {
		t.meter.counts.periodRefused.Add(1)
	}
	return err
}

func (t *Tenant) awaitUnits(ctx context.Context, write bool) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		changed := t.waits.next()
		verdict := t.spend(write, t.meter.now())
		if verdict == ledger.Admitted {
			return nil
		}
		if refused := t.meter.hopeless(t, write); refused != nil {
			return refused
		}
		if verdict == ledger.WritesDry {
			t.dryWrites.Add(1)
		} else {
			t.dryRequests.Add(1)
		}
		t.meter.ask(t)
		if !pause(ctx, changed, askEvery) {
			if !t.meter.config.HasLeader() {
				return ErrNoLeader
			}
			return ErrDry
		}
	}
}

// hopeless says why asking the leader is of no use: what is left to grant is nothing. nil where it may help. Where units
// may still come back from elsewhere, it asks once in a while all the same.
func (m *Meter) hopeless(t *Tenant, write bool) error {
	view := m.config.View()
	account, ok := view.Account(t.id)
	if !ok {
		return ErrDry // the gate refuses what comes next
	}
	book := view.Book(t.id)
	var used, left ledger.Units
	period := ledger.PeriodOf(view.LogTimeMs())
	if book != nil {
		period = book.Running(view.Cluster(), account)
		running, _ := book.Month(period)
		if t.month.Load().period == period { // else it has just turned
			used = t.used()
		}
		left = running.Left(account.Limits)
	} else {
		left = ledger.Month{}.Left(account.Limits)
	}
	dry := false
	for _, one := range []struct {
		quota      string
		limit      tenancy.Limit
		used, left uint64
		asked      bool
	}{
		{QuotaRequests, account.Limits.RequestsPerMonth, used.Requests, left.Requests, true},
		{QuotaWrites, account.Limits.WritesPerMonth, used.Writes, left.Writes, write},
	} {
		number, limited := one.limit.Number()
		switch {
		case !limited || !one.asked:
		case one.used >= number:
			return &ExhaustedError{Quota: one.quota, Limit: number, Used: one.used, ResetsAtMs: period.EndsAtMs()}
		case one.left == 0 && !t.askSeldom(m.now()):
			dry = true
		}
	}
	if dry {
		return ErrDry
	}
	return nil
}

// used is what the period has used: by the machine's account elsewhere, by the file's here.
func (t *Tenant) used() ledger.Units {
	m := t.enter()
	defer m.leave()
	return ledger.Units{
		Requests: t.elsewhereRequests.Load() + m.slot.requests.Load(), Writes: t.elsewhereWrites.Load() + m.slot.writes.Load(),
	}
}

// askSeldom is true once a second: for what the leader has, by all that is known here, not to give.
func (t *Tenant) askSeldom(now int64) bool {
	last := t.seldomNs.Load()
	return now-last >= int64(ledger.TickEvery) && t.seldomNs.CompareAndSwap(last, now)
}
