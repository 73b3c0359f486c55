package raft

import (
	"context"
	"errors"
	"time"

	hraft "github.com/hashicorp/raft"
	"github.com/hivellm/nexus/raft/proposer"
)

// enqueueTimeout bounds the wait for the library's main loop to take an entry.
const enqueueTimeout = 2 * time.Second

// Propose hands a command, made for a term, to the group commit. It waits only for admission (8 MiB in flight); the
// proposal then tells what became of the command: applied, definitely not appended, or unknown.
func (n *Node) Propose(ctx context.Context, command []byte, term uint64) *proposer.Proposal {
	return n.proposer.Propose(ctx, command, term)
}

// ProposeAll is Propose for commands that belong together: they enter the log in order, in as few entries as they fit in.
func (n *Node) ProposeAll(ctx context.Context, commands [][]byte, term uint64) []*proposer.Proposal {
	return n.proposer.ProposeAll(ctx, commands, term)
}

// libraryLog is the library seen by the proposer.
type libraryLog struct{ node *Node }

// Append implements proposer.Log.
func (l libraryLog) Append(entry []byte) proposer.Appended {
	return appended{l.node.raft().Apply(entry, enqueueTimeout)}
}

type appended struct{ future hraft.ApplyFuture }

// Outcome implements proposer.Appended.
func (a appended) Outcome() proposer.Outcome {
	err := a.future.Error()
	switch {
	case err == nil:
		return proposer.Outcome{Kind: proposer.Applied, Result: a.future.Response(), Index: a.future.Index()}
	case definitelyNotAppended(err):
		return proposer.Outcome{Kind: proposer.NotAppended, Err: err}
	}
	return proposer.Outcome{Kind: proposer.Unknown, Err: err}
}

// definitelyNotAppended knows the three errors after which an entry is in no log (R10). A failed write to the own disk
// is not one of them.
func definitelyNotAppended(err error) bool {
	return errors.Is(err, hraft.ErrEnqueueTimeout) || errors.Is(err, hraft.ErrLeadershipTransferInProgress) ||
		errors.Is(err, hraft.ErrNotLeader)
}
