package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
	"gopkg.in/yaml.v3"
)

// What heads a configuration file. It is no object of a cluster: its fields stand
// beside these two, as a kubelet's do.
const (
	configAPIVersion = "globalingressip.submariner.io/v1alpha1"
	configKind       = "ControllerConfiguration"
)

// configFields are the fields of a configuration file, each with the flag that it
// sets. A flag on the command line has the last word.
var configFields = map[string]string{
	"globalCIDRs":                  "global-cidr",
	"moveOutside":                  "move-outside",
	"workers":                      "workers",
	"requestTimeout":               "request-timeout",
	"dataPath":                     "data-path",
	"kubeconfig":                   "kubeconfig",
	"metricsBindAddress":           "metrics-bind-address",
	"healthProbeBindAddress":       "health-probe-bind-address",
	"leaderElection.enabled":       "leader-elect",
	"leaderElection.namespace":     "leader-election-namespace",
	"leaderElection.identity":      "identity",
	"leaderElection.leaseDuration": "lease-duration",
	"leaderElection.renewDeadline": "renew-deadline",
	"leaderElection.retryPeriod":   "retry-period",
	"log.format":                   "log-format",
	"log.level":                    "log-level",
}

// places tell where in a file the value of a flag stands, with the field's name.
type places map[string]string

// named is what the user called a flag: a field of the file, or the flag.
func (p places) named(flag string) string {
	if place := p[flag]; place != "" {
		return place
	}

	return "--" + flag
}

// configFile is a file being read. Everything that is wrong with it is reported
// at once, each with its line.
type configFile struct {
	path   string
	flags  *pflag.FlagSet
	given  map[string]bool // flags of the command line
	places places
	seen   map[string]int // fields, with their lines
	faults []error
}

// readConfigFile sets the flags that a file has values for, and tells where each stands.
func readConfigFile(path string, flags *pflag.FlagSet) (places, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("--config: %w", err)
	}

	f := &configFile{path: path, flags: flags, given: map[string]bool{}, places: places{}, seen: map[string]int{}}
	flags.Visit(func(flag *pflag.Flag) { f.given[flag.Name] = true })

	decoder := yaml.NewDecoder(bytes.NewReader(text))

	var document yaml.Node
	if err := decoder.Decode(&document); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: %w", path, err)
	}

	if decoder.Decode(&yaml.Node{}) == nil {
		return nil, fmt.Errorf("%s: more than one document: one is wanted", path)
	}

	if len(document.Content) == 0 || document.Content[0].Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%s:1: a mapping of fields is wanted, such as globalCIDRs: [242.0.0.0/16]", path)
	}

	f.mapping(document.Content[0], "")

	for field, value := range map[string]string{"apiVersion": configAPIVersion, "kind": configKind} {
		if f.seen[field] == 0 {
			f.faults = append(f.faults, fmt.Errorf("%s:1: %s: missing (want %s)", path, field, value))
		}
	}

	return f.places, inOrder(path, f.faults)
}

// inOrder joins mistakes: those that name a line of the file in the order of lines,
// then the others.
func inOrder(path string, faults []error) error {
	var all []error

	for _, fault := range faults {
		if joined, ok := fault.(interface{ Unwrap() []error }); ok {
			all = append(all, joined.Unwrap()...)
		} else if fault != nil {
			all = append(all, fault)
		}
	}

	line := func(err error) int {
		rest, _ := strings.CutPrefix(err.Error(), path+":")
		number, _, _ := strings.Cut(rest, ":")

		if n, err := strconv.Atoi(number); err == nil {
			return n
		}

		return math.MaxInt
	}
	slices.SortStableFunc(all, func(a, b error) int {
		return cmp.Or(cmp.Compare(line(a), line(b)), strings.Compare(a.Error(), b.Error()))
	})

	return errors.Join(all...)
}

func (f *configFile) report(node *yaml.Node, field, format string, args ...any) {
	f.faults = append(f.faults, fmt.Errorf("%s:%d: %s: %s", f.path, node.Line, field, fmt.Sprintf(format, args...)))
}

func (f *configFile) mapping(node *yaml.Node, prefix string) {
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		field := prefix + key.Value

		if line := f.seen[field]; line > 0 {
			f.report(key, field, "it is in line %d already", line)

			continue
		}

		f.seen[field] = key.Line

		switch flag := configFields[field]; {
		case field == "apiVersion":
			f.constant(value, field, configAPIVersion)
		case field == "kind":
			f.constant(value, field, configKind)
		case flag != "":
			f.set(value, field, flag)
		case value.Kind == yaml.MappingNode && hasFieldsUnder(field):
			f.mapping(value, field+".")
		default:
			f.report(key, field, "unknown field (want one of %s)", strings.Join(slices.Sorted(maps.Keys(configFields)), ", "))
		}
	}
}

func hasFieldsUnder(field string) bool {
	for name := range configFields {
		if strings.HasPrefix(name, field+".") {
			return true
		}
	}

	return false
}

func (f *configFile) constant(node *yaml.Node, field, want string) {
	if node.Value != want {
		f.report(node, field, "%q (want %s)", node.Value, want)
	}
}

// set gives a flag the value, or the values of a list, unless the command line
// did.
func (f *configFile) set(node *yaml.Node, field, flag string) {
	values := []*yaml.Node{node}

	if node.Kind == yaml.SequenceNode && f.flags.Lookup(flag).Value.Type() == "stringSlice" {
		values = node.Content
	}

	for _, value := range values {
		if value.Kind != yaml.ScalarNode || value.Tag == "!!null" {
			f.report(value, field, "a single value is wanted")

			continue
		}

		if f.given[flag] {
			continue
		}

		f.places[flag] = fmt.Sprintf("%s:%d: %s", f.path, node.Line, field)

		if err := f.flags.Set(flag, value.Value); err != nil {
			known := f.flags.Lookup(flag)
			f.report(value, field, "%q: %v (want %s)", value.Value, errors.Unwrap(err), wanted(known.Value.Type()))
			// What could not be read has become zero, which would be a second mistake.
			_ = known.Value.Set(known.DefValue)
		}
	}
}

// wanted says what a value of a flag's type looks like.
func wanted(flagType string) string {
	switch flagType {
	case "int":
		return "a whole number"
	case "bool":
		return "true or false"
	case "duration":
		return "a duration with its unit, such as 30s"
	}

	return flagType
}
