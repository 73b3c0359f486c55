package digest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"

	"github.com/hivellm/nexus/api/wire"
	"github.com/hivellm/nexus/fsm"
	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/raft/peer"
	"github.com/hivellm/nexus/tenancy"
)

// Peer methods.
const (
	methodVotes   = "digest.votes"
	methodVerdict = "digest.verdict"
	methodDamage  = "digest.damage"
	methodStore   = "digest.store"
)

// placeOnWire is a place, and voteOnWire a vote, as nodes send them to each other.
type placeOnWire struct {
	Tenant   uint64
	Database uint32
}

type voteOnWire struct {
	Place          placeOnWire
	Term, Sequence uint64
	Digest         graph.Digest
	Whole          bool
}

// question asks for the votes at a mark, unless they are those whose sum it brings.
type question struct {
	Index uint64
	Sum   []byte
}

// ballot answers: Same, or the votes. Neither where the node does not remember the mark.
type ballot struct {
	Same, Known bool
	Votes       []voteOnWire
}

// verdict is the leader's word to one node.
type verdict struct {
	Index              uint64
	Minority, ReadOnly []placeOnWire
	Source             string // where to fetch a store, "" for nowhere
}

func placesOnWire(places []fsm.Place) (list []placeOnWire) {
	for _, p := range places {
		list = append(list, placeOnWire{p.Tenant.Number(), uint32(p.Database)})
	}
	return list
}

func placesOf(list []placeOnWire) (places []fsm.Place) {
	for _, p := range list {
		places = append(places, p.place())
	}
	return places
}

func (p placeOnWire) place() fsm.Place {
	return fsm.Place{Tenant: tenancy.IDFromNumber(p.Tenant), Database: tenancy.DatabaseID(p.Database)}
}

func votesOnWire(votes []fsm.Vote) []voteOnWire {
	list := make([]voteOnWire, len(votes))
	for i, v := range votes {
		list[i] = voteOnWire{
			Place: placeOnWire{v.Tenant.Number(), uint32(v.Database)}, Term: v.Stamp.Term, Sequence: v.Stamp.Sequence,
			Digest: v.Digest, Whole: v.Whole,
		}
	}
	return list
}

func votesOf(list []voteOnWire) []fsm.Vote {
	votes := make([]fsm.Vote, len(list))
	for i, v := range list {
		votes[i] = fsm.Vote{
			Place: v.Place.place(), Stamp: graph.Stamp{Term: v.Term, Sequence: v.Sequence}, Digest: v.Digest, Whole: v.Whole,
		}
	}
	return votes
}

// sumOf is equal for equal votes.
func sumOf(votes []fsm.Vote) ([]byte, error) {
	encoded, err := wire.Marshal(votesOnWire(votes))
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(encoded)
	return sum[:], nil
}

func (k *Keeper) register() {
	k.config.Node.HandleCall(methodVotes, peer.Member, k.serveVotes)
	k.config.Node.HandleCall(methodVerdict, peer.Member, k.serveVerdict)
	k.config.Node.HandleCall(methodDamage, peer.Member, k.serveDamage)
	k.config.Node.HandleStream(methodStore, peer.Member, k.serveStore)
}

// ask gathers the votes of all nodes, voters and learners; whoever does not answer in time has none.
func (k *Keeper) ask(ctx context.Context, index uint64, own []fsm.Vote, nodes []string) map[string][]fsm.Vote {
	ctx, cancel := context.WithTimeout(ctx, min(answerTimeout, k.config.Every))
	defer cancel()
	answers := map[string][]fsm.Vote{}
	var mu sync.Mutex // guards answers
	var asking sync.WaitGroup
	for _, node := range nodes {
		if node == k.config.Node.Self().ID {
			mu.Lock()
			answers[node] = own
			mu.Unlock()
			continue
		}
		asking.Go(func() {
			votes, err := k.askOne(ctx, node, index, own)
			if err != nil {
				k.config.Logger.Debug("no votes", "node", node, "mark", index, "error", err.Error())
				return
			}
			mu.Lock()
			defer mu.Unlock()
			answers[node] = votes
		})
	}
	asking.Wait()
	return answers
}

func (k *Keeper) askOne(ctx context.Context, voter string, index uint64, own []fsm.Vote) ([]fsm.Vote, error) {
	sum, err := sumOf(own)
	if err != nil {
		return nil, err
	}
	request, err := wire.Marshal(&question{Index: index, Sum: sum})
	if err != nil {
		return nil, err
	}
	encoded, err := k.config.Node.Call(ctx, voter, methodVotes, request)
	if err != nil {
		return nil, err
	}
	var answer ballot
	if err := wire.Unmarshal(encoded, &answer); err != nil {
		return nil, err
	}
	votes := votesOf(answer.Votes)
	switch {
	case answer.Same:
		return own, nil
	case !answer.Known:
		return nil, fmt.Errorf("it does not remember mark %d", index)
	case !sameOrder(votes, own):
		return nil, fmt.Errorf("its votes at mark %d are of other databases", index)
	}
	return votes, nil
}

// serveVotes tells this node's votes once it has applied the mark.
func (k *Keeper) serveVotes(ctx context.Context, _ string, request []byte) ([]byte, error) {
	var q question
	if err := wire.Unmarshal(request, &q); err != nil {
		return nil, peer.Refuse(peer.CodeRefused, "%v", err)
	}
	if err := k.config.Machine.WaitApplied(ctx, q.Index); err != nil {
		return nil, err
	}
	votes, known := k.config.Machine.Votes(q.Index)
	sum, err := sumOf(votes)
	if err != nil {
		return nil, err
	}
	if known && string(sum) == string(q.Sum) {
		return wire.Marshal(&ballot{Same: true, Known: true})
	}
	return wire.Marshal(&ballot{Known: known, Votes: votesOnWire(votes)})
}

// tell brings a verdict to a node.
func (k *Keeper) tell(ctx context.Context, node string, v verdict) error {
	ctx, cancel := context.WithTimeout(ctx, tellTimeout)
	defer cancel()
	encoded, err := wire.Marshal(&v)
	if err != nil {
		return err
	}
	_, err = k.config.Node.Call(ctx, node, methodVerdict, encoded)
	return err
}

// serveVerdict takes the leader's word, and nobody else's.
func (k *Keeper) serveVerdict(_ context.Context, from string, request []byte) ([]byte, error) {
	if leader, known := k.config.Node.Leader(); !known || leader.ID != from {
		return nil, peer.Refuse(peer.CodeRefused, "node %s does not lead as far as this node knows", from)
	}
	var v verdict
	if err := wire.Unmarshal(request, &v); err != nil {
		return nil, peer.Refuse(peer.CodeRefused, "%v", err)
	}
	minority := placesOf(v.Minority)
	if !k.config.Machine.Judge(fsm.Judgement{Index: v.Index, Minority: minority, ReadOnly: placesOf(v.ReadOnly)}) {
		return nil, nil // of a mark that is past
	}
	if len(minority) > 0 && v.Source != "" {
		select {
		case k.jobs <- job{source: v.Source, places: minority}:
		default: // a repair waits already; the next verdict says what is left
		}
	}
	return nil, nil
}

// tellDamage has the leader mark soon when a load or the scrub found damage here.
func (k *Keeper) tellDamage(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-k.config.Machine.Damaged():
		}
		if _, leading := k.config.Node.Leadership(); leading {
			k.nudge()
			continue
		}
		if leader, known := k.config.Node.Leader(); known {
			k.tellOne(ctx, leader.ID)
		}
	}
}

// tellOne is a courtesy: the next mark comes without it, too.
func (k *Keeper) tellOne(ctx context.Context, leader string) {
	ctx, cancel := context.WithTimeout(ctx, tellTimeout)
	defer cancel()
	if _, err := k.config.Node.Call(ctx, leader, methodDamage, nil); err != nil {
		k.config.Logger.Debug("damage was not told", "error", err.Error())
	}
}

func (k *Keeper) serveDamage(context.Context, string, []byte) ([]byte, error) {
	k.nudge()
	return nil, nil
}

func (k *Keeper) nudge() {
	select {
	case k.nudges <- struct{}{}:
	default: // one waits already
	}
}
