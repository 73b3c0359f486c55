package hivehub

import (
	"context"
	"errors"
	"sync"
)

const (
	// MaxAcks bounds the reports of one round trip through the log.
	MaxAcks = 1_000
	// reporters bounds the reports under way at once.
	reporters = 4
)

// report tells the hub what it has not accepted yet, batch after batch through the whole outbox. A report that fails
// stays in the outbox; cumulative totals make telling it again harmless.
func (r *Reconciler) report(ctx context.Context) {
	var place OutboxPlace
	for ctx.Err() == nil {
		batch := r.machine.Outbox(place, MaxAcks)
		if len(batch) == 0 {
			return
		}
		acks, reachable := r.send(ctx, batch)
		if len(acks) > 0 {
			if err := r.propose(ctx, Change{Acks: acks}); err != nil {
				r.logger.Warn("reports that the hub took were not written down: they are told again", "reports", len(acks), "error", err)
				return
			}
		}
		if !reachable {
			return
		}
		last := batch[len(batch)-1]
		place = OutboxPlace{UserID: last.UserID, Period: last.Period}
	}
}

// send reports a batch. It is not reachable when the hub does not answer: the rest of the outbox waits for better days.
func (r *Reconciler) send(ctx context.Context, batch []UsageReport) (acks []UsageAck, reachable bool) {
	var mu sync.Mutex
	reachable = true
	next := make(chan UsageReport)
	var work sync.WaitGroup
	for range min(reporters, len(batch)) {
		work.Go(func() {
			for report := range next {
				ack, err := r.sendOne(ctx, report)
				mu.Lock()
				if err == nil {
					acks = append(acks, ack)
				} else if unanswered(err) {
					reachable = false
				}
				mu.Unlock()
			}
		})
	}
	for _, report := range batch {
		mu.Lock()
		stop := !reachable
		mu.Unlock()
		if stop || ctx.Err() != nil {
			break
		}
		next <- report
	}
	close(next)
	work.Wait()
	return acks, reachable
}

func (r *Reconciler) sendOne(ctx context.Context, report UsageReport) (UsageAck, error) {
	accepted, err := r.client.ReportUsage(ctx, report)
	if err != nil {
		r.counts.reportFailures.Add(1)
		if ctx.Err() == nil {
			r.logger.Warn("a usage report was not taken: it stays in the outbox", "user", report.UserID, "period", report.Period, "seq", report.Seq, "error", err)
		}
		return UsageAck{}, err
	}
	r.counts.reports.Add(1)
	if accepted > report.Seq {
		r.logger.Warn("the hub has heard more of this cluster than it knows itself: its numbers go on above", "user", report.UserID,
			"period", report.Period, "seq", report.Seq, "accepted", accepted)
	}
	return UsageAck{UserID: report.UserID, Period: report.Period, Seq: report.Seq, Accepted: accepted}, nil
}

// unanswered reports whether an error says that the hub as a whole does not answer.
func unanswered(err error) bool {
	return isTransient(err) || errors.Is(err, ErrServiceUnavailable) || errors.Is(err, ErrHTTP) || errors.Is(err, ErrAuthentication)
}
