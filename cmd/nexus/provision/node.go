package provision

import (
	"bytes"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
	"text/template"
)

// Offsets of a node's other ports from its peer port (INTERFACE).
const (
	httpOffset   = -2
	gossipOffset = 1
)

// NodeSpec is a node as the command line names it: NAME=HOST:PEERPORT.
type NodeSpec struct {
	Name, Host string
	PeerPort   int
}

// namePattern is what a node may be called: the name is a folder's, too.
var namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]{0,62}$`)

// ParseNode reads NAME=HOST:PEERPORT.
func ParseNode(text string) (NodeSpec, error) {
	name, address, ok := strings.Cut(text, "=")
	if !ok || !namePattern.MatchString(name) {
		return NodeSpec{}, fmt.Errorf("%q is not NAME=HOST:PEERPORT with a name of lower-case letters, digits, \"_\", \".\" and \"-\"", text)
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil || host == "" {
		return NodeSpec{}, fmt.Errorf("%q is not HOST:PEERPORT", address)
	}
	number, err := strconv.Atoi(port)
	if err != nil || number+httpOffset < 1 || number+gossipOffset > 65535 {
		return NodeSpec{}, fmt.Errorf("%q has no port from 3 to 65534", address)
	}
	return NodeSpec{Name: name, Host: host, PeerPort: number}, nil
}

// HTTP is where the node listens for clients.
func (n NodeSpec) HTTP() string { return n.address(httpOffset) }

// Peer is where the node listens for other nodes.
func (n NodeSpec) Peer() string { return n.address(0) }

// Gossip is where the node gossips.
func (n NodeSpec) Gossip() string { return n.address(gossipOffset) }

func (n NodeSpec) address(offset int) string {
	return net.JoinHostPort(n.Host, strconv.Itoa(n.PeerPort+offset))
}

// loopback tells whether the node can be reached from its own machine only.
func (n NodeSpec) loopback() bool {
	ip := net.ParseIP(n.Host)
	return n.Host == "localhost" || ip != nil && ip.IsLoopback()
}

// configText is a node's nexus.toml.
var configText = template.Must(template.New("nexus.toml").Parse(`mode = "cluster"
data_dir = "."
[node]
name = {{printf "%q" .Name}}
[http]
listen = {{printf "%q" .HTTP}}
{{- if .Loopback}}
insecure = true                # loopback only; elsewhere tls_cert_file and tls_key_file
{{- else}}
tls_cert_file = "node.crt"     # signed by ca.crt; replace both by your own if clients know another authority
tls_key_file = "node.key"
{{- end}}
[peer]
listen = {{printf "%q" .Peer}}
cert_file = "node.crt"
key_file = "node.key"
ca_file = "ca.crt"
[gossip]
listen = {{printf "%q" .Gossip}}
key_file = "gossip.key"
[cluster]
{{- if .Bootstrap}}
bootstrap = true
peers = [{{range $i, $p := .Peers}}{{if $i}}, {{end}}{{printf "%q" $p}}{{end}}]
{{- else}}
bootstrap = false
join = [{{range $i, $p := .Peers}}{{if $i}}, {{end}}{{printf "%q" $p}}{{end}}]
{{- end}}
secret_file = "cluster.secret"
`))

// configOf writes a node's nexus.toml. peers are all nodes of a new cluster, or those to join.
func configOf(n NodeSpec, bootstrap bool, peers []string) ([]byte, error) {
	var out bytes.Buffer
	err := configText.Execute(&out, struct {
		Name, HTTP, Peer, Gossip string
		Loopback, Bootstrap      bool
		Peers                    []string
	}{n.Name, n.HTTP(), n.Peer(), n.Gossip(), n.loopback(), bootstrap, peers})
	if err != nil {
		return nil, fmt.Errorf("write the configuration of %s: %w", n.Name, err)
	}
	return out.Bytes(), nil
}
