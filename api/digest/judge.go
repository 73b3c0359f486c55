package digest

import (
	"slices"

	"github.com/hivellm/nexus/fsm"
	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/scripts/planted"
)

// judgement is what the votes at one mark say.
type judgement struct {
	// minority are, by node, the databases of which it holds something else than the majority.
	minority map[string][]fsm.Place
	// readOnly are the databases that have no majority though the votes differ.
	readOnly []fsm.Place
	// whole are the nodes that are in the minority of no database, in the order of the voters.
	whole []string
}

// held is what a vote says; equal ones stand for equal data.
type held struct {
	stamp  graph.Stamp
	digest graph.Digest
}

// judge compares the votes of one mark. All answers are of the same places in the same order; a voter without an answer
// counts for nobody. Learners count for nobody either, and are held against what a majority of the voters says.
func judge(voters, learners []string, answers map[string][]fsm.Vote) judgement {
	j := judgement{minority: map[string][]fsm.Place{}}
	var first []fsm.Vote
	for _, voter := range voters {
		if votes, answered := answers[voter]; answered {
			first = votes
			break
		}
	}
	for i, vote := range first {
		j.database(voters, learners, answers, i, vote.Place)
	}
	for _, voter := range voters {
		if _, answered := answers[voter]; answered && len(j.minority[voter]) == 0 {
			j.whole = append(j.whole, voter)
		}
	}
	return j
}

// database judges the i-th place.
func (j *judgement) database(voters, learners []string, answers map[string][]fsm.Vote, i int, place fsm.Place) {
	counts := map[held]int{}
	answered, best := 0, held{}
	for _, voter := range voters {
		votes, known := answers[voter]
		if !known {
			continue
		}
		answered++
		if vote := votes[i]; vote.Whole || planted.On("damaged-vote-wins") {
			h := held{vote.Stamp, vote.Digest}
			counts[h]++
			if counts[h] > counts[best] {
				best = h
			}
		}
	}
	majority := len(voters)/2 + 1
	if planted.On("majority-of-answers") {
		majority = answered/2 + 1
	}
	switch {
	case counts[best] == answered: // no voter says anything else
	case counts[best] < majority:
		j.readOnly = append(j.readOnly, place)
	default:
		j.others(voters, answers, i, place, best)
	}
	if counts[best] >= majority && !planted.On("learners-uncompared") {
		j.others(learners, answers, i, place, best)
	}
}

// others puts those of some nodes in the minority that hold something else than the best.
func (j *judgement) others(nodes []string, answers map[string][]fsm.Vote, i int, place fsm.Place, best held) {
	for _, node := range nodes {
		if votes, known := answers[node]; known && !inMajority(votes[i], best) {
			j.minority[node] = append(j.minority[node], place)
		}
	}
}

func inMajority(vote fsm.Vote, best held) bool {
	return (vote.Whole || planted.On("damaged-vote-wins")) && held{vote.Stamp, vote.Digest} == best
}

// source chooses where a node fetches a store: a node that is whole, rather not the leader. "" where there is none, and
// while a database has no majority: the copy would bring one side of it along, and make a majority of it.
func (j *judgement) source(node, leader string) string {
	if len(j.readOnly) > 0 {
		return ""
	}
	for _, one := range j.whole {
		if one != node && one != leader {
			return one
		}
	}
	if slices.Contains(j.whole, leader) && leader != node {
		return leader
	}
	return ""
}

// sameOrder tells whether votes are of the same places, in the same order.
func sameOrder(a, b []fsm.Vote) bool {
	return slices.EqualFunc(a, b, func(x, y fsm.Vote) bool { return x.Place == y.Place })
}
