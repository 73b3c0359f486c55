package config

import (
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hivellm/nexus/api/control"
	"github.com/hivellm/nexus/tenancy"
)

// setting is one row of the table: how a text becomes a value. Every source (file, environment, flags) goes through it.
type setting struct {
	key  string
	kind kind
	help string
	set  func(c *Config, text string) error
}

// kind is what a setting looks like in TOML.
type kind uint8

const (
	kindText kind = iota
	kindBool
	kindList
	kindNumber // a TOML integer, float or string
)

// settings is the table, in the order of the documentation.
var settings = []setting{
	{"mode", kindText, `"cluster" or "standalone"`, oneOf(func(c *Config) *string { return &c.Mode }, ModeCluster, ModeStandalone)},
	{"data_dir", kindText, "folder of the node's data", path(func(c *Config) *string { return &c.DataDir })},
	{"node.name", kindText, "name of the node for people", text(func(c *Config) *string { return &c.Node.Name })},
	{"http.listen", kindText, "host:port for clients", address(func(c *Config) *string { return &c.HTTP.Listen })},
	{"http.tls_cert_file", kindText, "certificate for clients", path(func(c *Config) *string { return &c.HTTP.TLSCertFile })},
	{"http.tls_key_file", kindText, "its key", path(func(c *Config) *string { return &c.HTTP.TLSKeyFile })},
	{"http.insecure", kindBool, "serve without TLS off loopback", boolean(func(c *Config) *bool { return &c.HTTP.Insecure })},
	{"http.max_body_bytes", kindNumber, "largest request body, such as 16MiB", size(func(c *Config) *int64 { return &c.HTTP.MaxBodyBytes })},
	{"peer.listen", kindText, "host:port for other nodes", address(func(c *Config) *string { return &c.Peer.Listen })},
	{"peer.advertise", kindText, "host:port that other nodes dial", address(func(c *Config) *string { return &c.Peer.Advertise })},
	{"peer.cert_file", kindText, "certificate of the node", path(func(c *Config) *string { return &c.Peer.CertFile })},
	{"peer.key_file", kindText, "its key", path(func(c *Config) *string { return &c.Peer.KeyFile })},
	{"peer.ca_file", kindText, "certificate of the cluster's authority", path(func(c *Config) *string { return &c.Peer.CAFile })},
	{"gossip.listen", kindText, "host:port for gossip", address(func(c *Config) *string { return &c.Gossip.Listen })},
	{"gossip.key_file", kindText, "key of gossip", path(func(c *Config) *string { return &c.Gossip.KeyFile })},
	{"cluster.bootstrap", kindBool, "take part in making the cluster", boolean(func(c *Config) *bool { return &c.Cluster.Bootstrap })},
	{"cluster.peers", kindList, "peer addresses of all nodes of a new cluster", addresses(func(c *Config) *[]string { return &c.Cluster.Peers })},
	{"cluster.join", kindList, "peer addresses of a running cluster to join", addresses(func(c *Config) *[]string { return &c.Cluster.Join })},
	{"cluster.secret_file", kindText, "the cluster's secret", path(func(c *Config) *string { return &c.Cluster.SecretFile })},
	{"cluster.token_file", kindText, "", unsupported("joining by a one-time token")},
	{"raft.timeout_factor", kindNumber, "multiplier of Raft's timeouts, 0.1 to 100", factor(func(c *Config) *float64 { return &c.TimeoutFactor })},
	{"memory.budget", kindNumber, "what databases may take in memory, such as 4GiB (default: half of the machine's)", budget},
	{"audit.enabled", kindBool, "record who did what (cluster mode; default: true)", boolean(func(c *Config) *bool { return &c.Audit.Enabled })},
	{"audit.max_bytes", kindNumber, "what the audit log may take on disk, such as 1GiB; the oldest records go first", size(func(c *Config) *int64 { return &c.Audit.MaxBytes })},
	{"auth.max_staleness", kindText, "how long a node that lost its leader goes on authorizing", duration(func(c *Config) *time.Duration { return &c.MaxStaleness })},
	{"auth.required", kindBool, "whether a request needs a key (default: true in a cluster, false standalone)", required},
	{"hivehub.url", kindText, "HiveHub's base URL; without one there is no control plane", text(func(c *Config) *string { return &c.HiveHub.URL })},
	{"hivehub.service_key_file", kindText, "the key that HiveHub asks for", serviceKeyFile},
	{"hivehub.events_secret_file", kindText, "the secret that signs HiveHub's events", path(func(c *Config) *string { return &c.HiveHub.EventsSecretFile })},
	{"hivehub.poll", kindText, "how often users and keys are asked for (default 10s)", duration(func(c *Config) *time.Duration { return &c.HiveHub.Poll })},
	{"hivehub.usage_every", kindText, "how often usage is reported (default 60s)", duration(func(c *Config) *time.Duration { return &c.HiveHub.UsageEvery })},
	{"hivehub.fresh", kindText, "how old the last pull may be while all is well (default 60s)", duration(func(c *Config) *time.Duration { return &c.HiveHub.Fresh })},
	{"hivehub.stale", kindText, "how old it may be while the last known limits hold (default 24h)", duration(func(c *Config) *time.Duration { return &c.HiveHub.Stale })},
	{"hivehub.expired", kindList, `what goes on then: "read", "write" or "refuse", and "<plan>=<one of them>" (default read)`, expired},
	{"tenant.retention", kindText, "how long a deleted user's data stays (default 168h)", duration(func(c *Config) *time.Duration { return &c.HiveHub.Retention })},
	{"log.level", kindText, "debug, info, warn or error", oneOf(func(c *Config) *string { return &c.Log.Level }, "debug", "info", "warn", "error")},
	{"log.format", kindText, "text or json", oneOf(func(c *Config) *string { return &c.Log.Format }, "text", "json")},
}

// lookup finds a row of the table.
func lookup(key string) (setting, bool) {
	i := slices.IndexFunc(settings, func(s setting) bool { return s.key == key })
	if i < 0 {
		return setting{}, false
	}
	return settings[i], true
}

// known are variables that others have named, and the keys that they stand for; ours win over them.
var known = []struct{ variable, key string }{{"HIVEHUB_CLOUD_BASE_URL", "hivehub.url"}}

// serviceKeyVariable holds the service key itself: a name that HiveHub's own SDK uses.
const serviceKeyVariable = "HIVEHUB_CLOUD_SERVICE_API_KEY"

// serviceKeyFile is a file that takes the place of a key from elsewhere.
func serviceKeyFile(c *Config, text string) error {
	c.HiveHub.ServiceKey = tenancy.Secret{}
	return path(func(c *Config) *string { return &c.HiveHub.ServiceKeyFile })(c, text)
}

func expired(c *Config, text string) error {
	policies, err := control.ParsePolicies(strings.Split(text, ","))
	if err != nil {
		return err
	}
	c.HiveHub.Expired = policies
	return nil
}

// environment is the variable of a key.
func (s setting) environment() string {
	return "NEXUS_" + strings.ToUpper(strings.ReplaceAll(s.key, ".", "_"))
}

func text(of func(*Config) *string) func(*Config, string) error {
	return func(c *Config, text string) error {
		*of(c) = text
		return nil
	}
}

// path makes a path of the file relative to the file's folder.
func path(of func(*Config) *string) func(*Config, string) error {
	return func(c *Config, text string) error {
		if text != "" && !filepath.IsAbs(text) {
			text = filepath.Join(c.base, text)
		}
		*of(c) = text
		return nil
	}
}

func oneOf(of func(*Config) *string, words ...string) func(*Config, string) error {
	return func(c *Config, text string) error {
		if !slices.Contains(words, text) {
			return fmt.Errorf("%q is not one of %s", text, strings.Join(words, ", "))
		}
		*of(c) = text
		return nil
	}
}

func address(of func(*Config) *string) func(*Config, string) error {
	return func(c *Config, text string) error {
		if err := checkAddress(text); err != nil {
			return err
		}
		*of(c) = text
		return nil
	}
}

func addresses(of func(*Config) *[]string) func(*Config, string) error {
	return func(c *Config, text string) error {
		list := []string{}
		for one := range strings.SplitSeq(text, ",") {
			one = strings.TrimSpace(one)
			if one == "" {
				continue
			}
			if err := checkAddress(one); err != nil {
				return err
			}
			list = append(list, one)
		}
		*of(c) = list
		return nil
	}
}

func checkAddress(text string) error {
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return fmt.Errorf("%q is not host:port", text)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("%q has no port between 0 and 65535", text)
	}
	return nil
}

func boolean(of func(*Config) *bool) func(*Config, string) error {
	return func(c *Config, text string) error {
		switch text {
		case "true":
			*of(c) = true
		case "false":
			*of(c) = false
		default:
			return fmt.Errorf("%q is neither true nor false", text)
		}
		return nil
	}
}

func duration(of func(*Config) *time.Duration) func(*Config, string) error {
	return func(c *Config, text string) error {
		d, err := time.ParseDuration(text)
		if err != nil || d <= 0 {
			return fmt.Errorf("%q is not a duration such as \"10s\"", text)
		}
		*of(c) = d
		return nil
	}
}

func factor(of func(*Config) *float64) func(*Config, string) error {
	return func(c *Config, text string) error {
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || !(f >= 0.1 && f <= 100) {
			return fmt.Errorf("%q is not a number from 0.1 to 100", text)
		}
		*of(c) = f
		return nil
	}
}

func size(of func(*Config) *int64) func(*Config, string) error {
	return func(c *Config, text string) error {
		bytes, err := parseSize(text)
		if err != nil {
			return err
		}
		*of(c) = bytes
		return nil
	}
}

// MinMemoryBudget is the least memory.budget.
const MinMemoryBudget = 16 << 20

// budget is memory.budget.
func budget(c *Config, text string) error {
	bytes, err := parseSize(text)
	if err != nil {
		return err
	}
	if bytes < MinMemoryBudget {
		return fmt.Errorf("%q is less than %d MiB, the least budget", text, MinMemoryBudget>>20)
	}
	c.MemoryBudget = bytes
	return nil
}

// sizeUnits are the endings of a size, the longer ones first.
var sizeUnits = []struct {
	ending string
	bytes  int64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"B", 1}, {"", 1}}

// maxSize bounds a size so that sums of sizes do not overflow.
const maxSize = 1 << 50

func parseSize(text string) (int64, error) {
	for _, unit := range sizeUnits {
		number, ok := strings.CutSuffix(text, unit.ending)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
		if err != nil || n <= 0 || n > maxSize/unit.bytes {
			break
		}
		return n * unit.bytes, nil
	}
	return 0, fmt.Errorf("%q is not a size such as \"64MiB\" (B, KiB, MiB, GiB)", text)
}

// unsupported is a promised key that this version does not act on: it is refused, not ignored.
func unsupported(what string) func(*Config, string) error {
	return func(*Config, string) error {
		return fmt.Errorf("%s is not supported by this version", what)
	}
}

// required is auth.required; what it may be depends on the mode.
func required(c *Config, text string) error {
	var required bool
	if err := boolean(func(*Config) *bool { return &required })(c, text); err != nil {
		return err
	}
	c.auth = &required
	return nil
}
