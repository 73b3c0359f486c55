package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
)

const whole = `mode = "cluster"
data_dir = "."
[node]
name = "n1"
[http]
listen = "127.0.0.1:15474"
insecure = true
max_body_bytes = "1MiB"
[peer]
listen = "127.0.0.1:15476"
cert_file = "node.crt"
key_file = "node.key"
ca_file = "/etc/ca.crt"
[gossip]
listen = "127.0.0.1:15477"
key_file = "gossip.key"
[cluster]
bootstrap = true
peers = ["127.0.0.1:15476", "127.0.0.1:15486"]
secret_file = "cluster.secret"
[raft]
timeout_factor = 2
[auth]
max_staleness = "5s"
[memory]
budget = "2GiB"
`

func none(string) (string, bool) { return "", false }

func write(t *testing.T, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "nexus.toml")
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestLoad_WholeFile(t *testing.T) {
	file := write(t, whole)
	c, err := Load(file, none, nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(file)
	if c.DataDir != dir || c.Peer.CertFile != filepath.Join(dir, "node.crt") || c.Peer.CAFile != "/etc/ca.crt" {
		t.Errorf("paths are not relative to the file: %+v", c)
	}
	if c.HTTP.MaxBodyBytes != 1<<20 || c.TimeoutFactor != 2 || c.MaxStaleness != 5*time.Second || len(c.Cluster.Peers) != 2 || !c.HTTP.Insecure || c.MemoryBudget != 2<<30 {
		t.Errorf("read %+v", c)
	}
}

func TestLoad_FlagsOverEnvironmentOverFile(t *testing.T) {
	file := write(t, whole)
	environment := func(name string) (string, bool) {
		v, ok := map[string]string{"NEXUS_HTTP_LISTEN": "127.0.0.1:1", "NEXUS_NODE_NAME": "env", "NEXUS_CLUSTER_PEERS": "a:1,b:2"}[name]
		return v, ok
	}
	flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	Flags(flags)
	if err := flags.Parse([]string{"--node.name=flag"}); err != nil {
		t.Fatal(err)
	}
	c, err := Load(file, environment, flags)
	if err != nil {
		t.Fatal(err)
	}
	if c.HTTP.Listen != "127.0.0.1:1" || c.Node.Name != "flag" || strings.Join(c.Cluster.Peers, " ") != "a:1 b:2" {
		t.Errorf("read %+v", c)
	}
}

func TestLoad_Refuses(t *testing.T) {
	for name, c := range map[string]struct{ content, says string }{
		"unknown key":      {whole + "[http2]\nx = 1\n", `line 28, column 1: there is no setting "http2.x"`},
		"unknown nested":   {strings.Replace(whole, "insecure =", "  insecur =", 1), `line 7, column 3: there is no setting "http.insecur"`},
		"inline":           {"hivehub = { url = \"x\", zzz = 1 }\n", `line 1`},
		"wrong type":       {strings.Replace(whole, "insecure = true", `insecure = "yes"`, 1), "line 7, column 1: http.insecure: must be true or false"},
		"syntax":           {"mode = \n", "line 1, column"},
		"size":             {strings.Replace(whole, "1MiB", "1Mo", 1), "is not a size"},
		"address":          {strings.Replace(whole, "127.0.0.1:15474", "here", 1), "is not host:port"},
		"unsupported":      {strings.Replace(whole, "bootstrap = true", "bootstrap = true\ntoken_file = \"t\"", 1), "not supported by this version"},
		"hub without key":  {whole + "[hivehub]\nurl = \"http://x\"\n", "needs hivehub.service_key_file"},
		"hub's key alone":  {whole + "[hivehub]\nservice_key_file = \"k\"\n", "need hivehub.url"},
		"hub's windows":    {whole + "[hivehub]\nurl = \"http://x\"\nservice_key_file = \"k\"\nfresh = \"2h\"\nstale = \"1h\"\n", "must not be shorter"},
		"hub's policy":     {whole + "[hivehub]\nexpired = [\"pro=never\"]\n", "is not \"read\""},
		"memory":           {strings.Replace(whole, "2GiB", "1MiB", 1), "the least budget"},
		"standalone":       {strings.Replace(whole, `"cluster"`, `"standalone"`, 1), "standalone"},
		"missing":          {"", "data_dir is needed"},
		"factor":           {strings.Replace(whole, "timeout_factor = 2", "timeout_factor = 1000", 1), "from 0.1 to 100"},
		"bootstrap alone":  {strings.Replace(whole, "peers = [", "join = [", 1), "needs cluster.peers"},
		"one TLS file":     {strings.Replace(whole, "[peer]", "tls_cert_file = \"x\"\n[peer]", 1), "both or neither"},
		"key twice":        {strings.Replace(whole, "insecure = true", "insecure = true\ninsecure = true", 1), "line 8"},
		"keys are no auth": {strings.Replace(whole, "[auth]", "[auth]\nrequired = false", 1), "always asks for a key"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load(write(t, c.content), none, nil)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("answers %v, wanted %q", err, c.says)
			}
		})
	}
}

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{"1": 1, "12B": 12, "2KiB": 2048, "64MiB": 64 << 20, "3GiB": 3 << 30} {
		if got, err := parseSize(text); err != nil || got != want {
			t.Errorf("%s is %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "x", "-1", "0", "1TB", "9999999GiB"} {
		if got, err := parseSize(text); err == nil {
			t.Errorf("%q is read as %d", text, got)
		}
	}
}

// TestLoad_KnownVariablesOfTheHub: those of HiveHub's own SDK stand over the file and under ours.
func TestLoad_KnownVariablesOfTheHub(t *testing.T) {
	file := write(t, whole+"[hivehub]\nurl = \"http://file\"\nservice_key_file = \"k\"\nexpired = [\"read\", \"pro=write\"]\n[tenant]\nretention = \"24h\"\n")
	variables := map[string]string{"HIVEHUB_CLOUD_BASE_URL": "http://known", "HIVEHUB_CLOUD_SERVICE_API_KEY": "secret"}
	environment := func(name string) (string, bool) {
		v, ok := variables[name]
		return v, ok
	}
	c, err := Load(file, environment, nil)
	if err != nil {
		t.Fatal(err)
	}
	if hub := c.HiveHub; hub.URL != "http://known" || hub.ServiceKey.Reveal() != "secret" || hub.ServiceKeyFile != "" || hub.Retention != 24*time.Hour || !hub.Expired.ByPlan["pro"].AllowWrites {
		t.Errorf("read %+v", hub)
	}
	variables["NEXUS_HIVEHUB_URL"], variables["NEXUS_HIVEHUB_SERVICE_KEY_FILE"] = "http://ours", "ours"
	if c, err = Load(file, environment, nil); err != nil || c.HiveHub.URL != "http://ours" || c.HiveHub.ServiceKeyFile != "ours" || !c.HiveHub.ServiceKey.IsZero() {
		t.Errorf("read %+v, %v", c.HiveHub, err)
	}
}
