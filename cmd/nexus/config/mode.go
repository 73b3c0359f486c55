package config

import (
	"net"
	"strconv"
)

// alone fills what a standalone node need not be told.
func (c *Config) alone() {
	if c.HTTP.Listen == "" {
		c.HTTP.Listen = DefaultStandaloneListen
	}
	if c.Node.Name == "" {
		c.Node.Name = DefaultStandaloneName
	}
}

// checkMember refuses what a node of a cluster cannot be.
func (c *Config) checkMember(where string) error {
	missing := func(key string) error { return &Error{where, key + " is needed"} }
	switch {
	case c.Peer.Listen == "":
		return missing("peer.listen")
	case c.Peer.CertFile == "" || c.Peer.KeyFile == "" || c.Peer.CAFile == "":
		return missing("peer.cert_file, peer.key_file and peer.ca_file: each")
	case c.Cluster.SecretFile == "":
		return missing("cluster.secret_file")
	case c.Gossip.Listen != "" && c.Gossip.KeyFile == "":
		return missing("gossip.key_file")
	case c.Cluster.Bootstrap && len(c.Cluster.Peers) == 0:
		return &Error{where, "cluster.bootstrap needs cluster.peers: the peer addresses of all nodes, this one included"}
	case !c.AuthRequired:
		return &Error{where, "auth.required = false: cluster mode always asks for a key"}
	}
	return nil
}

// checkAlone refuses what a standalone node has no use for, and what would let anybody in.
func (c *Config) checkAlone(where string) error {
	host, _, err := net.SplitHostPort(c.HTTP.Listen)
	ip := net.ParseIP(host)
	loopback := err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
	switch {
	case c.Peer != (Peer{}) || c.Gossip != (Gossip{}) || c.Cluster.Bootstrap || len(c.Cluster.Peers)+len(c.Cluster.Join) > 0 || c.Cluster.SecretFile != "":
		return &Error{where, `mode = "standalone" has no other nodes: leave out peer, gossip and cluster`}
	case c.HiveHub.URL != "":
		return &Error{where, `mode = "standalone" has no HiveHub: leave out hivehub.url`}
	case !c.AuthRequired && !loopback:
		return &Error{where, "http.listen = " + strconv.Quote(c.HTTP.Listen) + " is off loopback, where every request needs a key: say auth.required = true"}
	}
	return nil
}

// Standalone are the settings of a standalone node's folder where nothing else is said.
func Standalone(dir string) *Config {
	c := defaults()
	c.Mode, c.DataDir = ModeStandalone, dir
	c.alone()
	return c
}
