package migrate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/api/lane"
	"github.com/hivellm/nexus/graph"
)

// State is what a target says that it holds. Digest is hexadecimal.
type State struct {
	Digest        string `json:"digest"`
	Nodes         uint64 `json:"nodes"`
	Relationships uint64 `json:"relationships"`
	Bytes         uint64 `json:"bytes"`
}

// Target is the database that is filled.
type Target interface {
	// Send hands over a piece; nil only asks for the state. Sending a piece again that was taken does nothing.
	Send(ctx context.Context, piece []byte) (State, error)
}

// Unknown is an error of a Target after which the piece may have been taken: it is sent again.
type Unknown struct{ Cause error }

// Error implements error.
func (u *Unknown) Error() string { return u.Cause.Error() }

// Unwrap returns the cause.
func (u *Unknown) Unwrap() error { return u.Cause }

// sendAttempts and sendPause bound how often a piece of unknown outcome is sent.
const (
	sendAttempts = 10
	sendPause    = 500 * time.Millisecond
)

// Progress is told after each piece: entities that the target has, and how many there are.
type Progress func(done, all uint64)

// Report tells of a migration.
type Report struct {
	// Source and Target are what both hold.
	Source graph.Meta
	Target State
	// Pieces were sent now, Skipped were there already.
	Pieces, Skipped int
}

// ErrDiffers says that the target holds something that is no beginning of the source.
var ErrDiffers = errors.New("the target holds something that is not the beginning of this source: a migration goes into an empty database, or on with what it began")

// Database brings a version into a target, which is empty or was left by an earlier, broken-off call for the same source.
// Errors: [ErrDiffers], the target's own, the context's.
func Database(ctx context.Context, source *graph.Graph, target Target, progress Progress) (Report, error) {
	report := Report{Source: source.Meta()}
	var err error
	if report.Target, err = target.Send(ctx, nil); err != nil {
		return report, err
	}
	copied := graph.NewCopy(source, graph.DraftLimits{MaxOperations: lane.MaxOperations, MaxBytes: lane.MaxCommandBytes})
	if report.Skipped, err = skip(ctx, copied, report.Target.Digest); err != nil {
		return report, err
	}
	for {
		piece := api.ImportPiece{Before: copied.Made().Digest}
		if piece.Changes, err = copied.Next(); err != nil {
			return report, err
		}
		if piece.Changes.Count == 0 {
			break
		}
		made := copied.Made()
		piece.After = made.Digest
		if report.Target, err = send(ctx, target, &piece); err != nil {
			return report, err
		}
		report.Pieces++
		progress(made.Nodes+made.Relationships, report.Source.Nodes+report.Source.Relationships)
	}
	if report.Target.Digest != report.Source.Digest.String() {
		return report, fmt.Errorf("after the last piece the target's digest is %s, the source's %s: somebody else writes there", report.Target.Digest, report.Source.Digest)
	}
	return report, nil
}

// skip passes over the pieces that a target of some digest has.
func skip(ctx context.Context, copied *graph.Copy, has string) (pieces int, err error) {
	for copied.Made().Digest.String() != has {
		if ctx.Err() != nil {
			return pieces, context.Cause(ctx)
		}
		changes, err := copied.Next()
		if err != nil {
			return pieces, err
		}
		if changes.Count == 0 {
			return pieces, ErrDiffers
		}
		pieces++
	}
	return pieces, nil
}

// send sends a piece until the target says what became of it.
func send(ctx context.Context, target Target, piece *api.ImportPiece) (State, error) {
	body, err := api.EncodeImportPiece(piece)
	if err != nil {
		return State{}, err
	}
	for attempt := 1; ; attempt++ {
		state, err := target.Send(ctx, body)
		var unknown *Unknown
		if !errors.As(err, &unknown) || attempt == sendAttempts {
			return state, err
		}
		timer := time.NewTimer(sendPause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return State{}, context.Cause(ctx)
		}
	}
}
