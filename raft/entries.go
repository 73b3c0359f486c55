package raft

import (
	"fmt"

	hraft "github.com/hashicorp/raft"
)

// Voters lists the node ids of the voters of the latest configuration.
func (n *Node) Voters() []string { return n.voters() }

// Learners lists the node ids of the latest configuration's members that do not vote.
func (n *Node) Learners() []string {
	var learners []string
	for _, server := range n.servers() {
		if server.Suffrage != hraft.Voter {
			learners = append(learners, string(server.ID))
		}
	}
	return learners
}

// Entries visits entries of this node's own log, first to last, in order. Those that the machine applied are committed
// and stay as they are until they are compacted away; one that is not there is an error.
func (n *Node) Entries(first, last uint64, visit func(*hraft.Log) error) error {
	for index := first; index <= last; index++ {
		entry := new(hraft.Log)
		if err := n.store.GetLog(index, entry); err != nil {
			return fmt.Errorf("entry %d: %w", index, err)
		}
		if err := visit(entry); err != nil {
			return err
		}
	}
	return nil
}
