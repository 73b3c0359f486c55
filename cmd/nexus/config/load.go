package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/spf13/pflag"

	"github.com/hivellm/nexus/tenancy"
)

// Error says what is wrong with a configuration, and where it stands.
type Error struct{ Where, What string }

// Error implements error.
func (e *Error) Error() string { return e.Where + ": " + e.What }

// Flags adds a flag for each row of the table, named by its key.
func Flags(flags *pflag.FlagSet) {
	for _, s := range settings {
		flags.String(s.key, "", s.help)
		if s.help == "" { // a promised key that this version refuses
			_ = flags.MarkHidden(s.key)
		}
	}
}

// Load reads the file ("" = none), lays the environment and then the flags that were given over it, and checks the whole.
// Errors are an [*Error], or the file's own where it cannot be read.
func Load(file string, environment func(string) (string, bool), flags *pflag.FlagSet) (*Config, error) {
	c := defaults()
	if file != "" {
		if err := c.loadFile(file); err != nil {
			return nil, err
		}
	}
	c.base = "" // paths of the environment and of flags are relative to the working directory
	if err := c.loadKnown(environment); err != nil {
		return nil, err
	}
	for _, s := range settings {
		if text, ok := environment(s.environment()); ok && text != "" {
			if err := s.set(c, text); err != nil {
				return nil, &Error{s.environment(), err.Error()}
			}
		}
	}
	if flags != nil {
		for _, s := range settings {
			if flag := flags.Lookup(s.key); flag != nil && flag.Changed {
				if err := s.set(c, flag.Value.String()); err != nil {
					return nil, &Error{"--" + s.key, err.Error()}
				}
			}
		}
	}
	if c.Mode == ModeStandalone {
		c.alone()
	}
	return c, c.check()
}

// loadKnown lays the variables that HiveHub's own SDK uses over the file.
func (c *Config) loadKnown(environment func(string) (string, bool)) error {
	for _, k := range known {
		s, _ := lookup(k.key)
		if text, ok := environment(k.variable); ok && text != "" {
			if err := s.set(c, text); err != nil {
				return &Error{k.variable, err.Error()}
			}
		}
	}
	if key, ok := environment(serviceKeyVariable); ok && key != "" {
		c.HiveHub.ServiceKey, c.HiveHub.ServiceKeyFile = tenancy.NewSecret(key), ""
	}
	return nil
}

func (c *Config) loadFile(file string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read the configuration: %w", err)
	}
	c.file, c.base = file, filepath.Dir(file)
	var tree map[string]any
	if err := toml.Unmarshal(content, &tree); err != nil {
		return &Error{file, tomlFault(err)}
	}
	marks := marksOf(content)
	for _, key := range flatten("", tree) {
		s, ok := lookup(key.name)
		if !ok {
			return &Error{marks.where(file, key.name), fmt.Sprintf("there is no setting %q", key.name)}
		}
		text, err := key.text(s.kind)
		if err == nil {
			err = s.set(c, text)
		}
		if err != nil {
			return &Error{marks.where(file, key.name), fmt.Sprintf("%s: %s", key.name, err)}
		}
	}
	return nil
}

// tomlFault is a parser's error with line and column.
func tomlFault(err error) string {
	var fault *toml.DecodeError
	if errors.As(err, &fault) {
		line, column := fault.Position()
		return fmt.Sprintf("line %d, column %d: %s", line, column, strings.TrimPrefix(fault.Error(), "toml: "))
	}
	return err.Error()
}

// text is a TOML value as the table's setters take it.
func (k keyed) text(want kind) (string, error) {
	switch v := k.value.(type) {
	case string:
		if want == kindText || want == kindNumber {
			return v, nil
		}
	case bool:
		if want == kindBool {
			return strconv.FormatBool(v), nil
		}
	case int64:
		if want == kindNumber {
			return strconv.FormatInt(v, 10), nil
		}
	case float64:
		if want == kindNumber {
			return strconv.FormatFloat(v, 'g', -1, 64), nil
		}
	case []any:
		if want == kindList {
			return joined(v)
		}
	}
	return "", fmt.Errorf("must be %s", [...]string{"a string", "true or false", "a list of strings", "a number or a string"}[want])
}

func joined(items []any) (string, error) {
	texts := make([]string, 0, len(items))
	for _, item := range items {
		text, ok := item.(string)
		if !ok || strings.Contains(text, ",") {
			return "", errors.New("must be a list of strings")
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, ","), nil
}

// check refuses what contradicts itself.
func (c *Config) check() error {
	where := c.file
	if where == "" {
		where = "configuration"
	}
	missing := func(key string) error { return &Error{where, key + " is needed"} }
	switch {
	case c.DataDir == "":
		return missing("data_dir")
	case c.Node.Name == "":
		return missing("node.name")
	case c.HTTP.Listen == "":
		return missing("http.listen")
	case (c.HTTP.TLSCertFile == "") != (c.HTTP.TLSKeyFile == ""):
		return &Error{where, "http.tls_cert_file and http.tls_key_file are needed both or neither"}
	case c.HiveHub.URL != "" && c.HiveHub.ServiceKeyFile == "" && c.HiveHub.ServiceKey.IsZero():
		return &Error{where, "hivehub.url needs hivehub.service_key_file, or the key in " + serviceKeyVariable + ": without one no hub answers"}
	case c.HiveHub.URL == "" && c.HiveHub.ServiceKeyFile+c.HiveHub.EventsSecretFile != "":
		return &Error{where, "hivehub.service_key_file and hivehub.events_secret_file need hivehub.url"}
	case c.HiveHub.Fresh != 0 && c.HiveHub.Stale != 0 && c.HiveHub.Stale < c.HiveHub.Fresh:
		return &Error{where, "hivehub.stale must not be shorter than hivehub.fresh"}
	}
	c.AuthRequired = c.Mode == ModeCluster
	if c.auth != nil {
		c.AuthRequired = *c.auth
	}
	if c.Mode == ModeStandalone {
		return c.checkAlone(where)
	}
	return c.checkMember(where)
}
