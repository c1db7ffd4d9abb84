// A configuration file sets what flags do; the command line has the last word; and
// every mistake is named with its line, all at once.
package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const configHead = "apiVersion: globalingressip.submariner.io/v1alpha1\nkind: ControllerConfiguration\n"

func writeConfig(t *testing.T, text string) string {
	t.Helper()

	path := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))

	return path
}

func TestConfigFileSetsWhatFlagsDo(t *testing.T) {
	path := writeConfig(t, configHead+`globalCIDRs: [242.0.0.0/24, 242.0.1.0/24]
workers: 7
leaderElection: {enabled: true, namespace: here, leaseDuration: 40s}
log: {level: debug}
`)
	command := newCommand(io.Discard, io.Discard)
	require.NoError(t, command.ParseFlags([]string{"--workers=3"}))
	_, err := readConfigFile(path, command.Flags())
	require.NoError(t, err)

	for flag, want := range map[string]string{
		"global-cidr": "[242.0.0.0/24,242.0.1.0/24]", "workers": "3", "leader-elect": "true",
		"leader-election-namespace": "here", "lease-duration": "40s", "log-level": "debug", "retry-period": "2s",
	} {
		assert.Equal(t, want, command.Flags().Lookup(flag).Value.String(), flag)
	}
}

// docs/globalingressip/operations.md shows this file.
func TestTheDocumentedFileIsRead(t *testing.T) {
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{"check", "--config-only", "--config=testdata/controller.yaml"}, &stdout, &stderr)
	assert.Zero(t, code, "%s", stderr.String())
}

func TestEveryFlagHasAField(t *testing.T) {
	fields := map[string]bool{"config": true, "help": true}
	for _, flag := range configFields {
		fields[flag] = true
	}

	newCommand(io.Discard, io.Discard).Flags().VisitAll(func(flag *pflag.Flag) {
		assert.True(t, fields[flag.Name], "--%s cannot be given in a file", flag.Name)
	})
}

func TestInvalidConfigFiles(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"empty":           {"", ":1: a mapping of fields is wanted"},
		"a list":          {"[]", ":1: a mapping of fields is wanted"},
		"not YAML":        {"a: [", "line 1"},
		"without head":    {"workers: 1\n", ":1: apiVersion: missing (want " + configAPIVersion + ")"},
		"another version": {"apiVersion: v2\nkind: ControllerConfiguration\n", `:1: apiVersion: "v2" (want `},
		"unknown field":   {configHead + "worker: 1\n", ":3: worker: unknown field (want one of dataPath, globalCIDRs,"},
		"unknown below":   {configHead + "log:\n  colour: red\n", ":4: log.colour: unknown field"},
		"twice":           {configHead + "workers: 1\nworkers: 2\n", ":4: workers: it is in line 3 already"},
		"wrong type":      {configHead + "workers: many\n", `:3: workers: "many": strconv.ParseInt: parsing "many": invalid syntax (want a whole number)`},
		"no unit":         {configHead + "requestTimeout: 10\n", `:3: requestTimeout: "10": time: missing unit`},
		"log format":      {configHead + "globalCIDRs: [242.0.0.0/16]\nlog: {format: xml}\n", `:4: log.format "xml": use json or text`},
		"not a CIDR":      {configHead + "globalCIDRs: [242.0.0.0]\n", `:3: globalCIDRs "242.0.0.0": write it like 242.0.0.0/16`},
		"no worker":       {configHead + "globalCIDRs: [242.0.0.0/16]\nworkers: 0\n", ":4: workers is 0: use 1 or more"},
		"null":            {configHead + "workers:\n", ":3: workers: a single value is wanted"},
		"list for one":    {configHead + "workers: [1]\n", ":3: workers: a single value is wanted"},
		"two documents":   {configHead + "---\n" + configHead, "more than one document"},
		"overlap":         {configHead + "globalCIDRs: [242.0.0.0/16, 242.0.1.0/24]\n", "242.0.1.0/24 overlaps 242.0.0.0/16"},
		"data path":       {configHead + "dataPath: iptables\nglobalCIDRs: [242.0.0.0/16]\n", `:3: dataPath "iptables": use nftables or none`},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer

			assert.Equal(t, exitInvalid, run(t.Context(), []string{"--config=" + writeConfig(t, c.text)}, &stdout, &stderr))
			assert.Contains(t, stderr.String(), c.want)
		})
	}
}

func TestMistakesOfEverySortAreToldAtOnce(t *testing.T) {
	var stdout, stderr bytes.Buffer

	path := writeConfig(t, configHead+`globalCIDRs: [242.0.0.0/16, 242.0.1.0/24]
workers: many
worker: 3
dataPath: iptables
leaderElection: {enabled: true, namespace: here, leaseDuration: 5s}
log: {format: xml}
`)
	assert.Equal(t, exitInvalid, run(t.Context(), []string{"--config=" + path, "--log-level=loud"}, &stdout, &stderr))

	for _, want := range []string{
		":4: workers:", ":5: worker: unknown field", ":6: dataPath", "overlaps", "use lease > renew", `--log-level "loud"`, ":8: log.format",
	} {
		assert.Contains(t, stderr.String(), want)
	}

	assert.NotContains(t, stderr.String(), "workers is 0", "nothing that only follows from another mistake")
	assert.IsIncreasing(t, linesNamed(t, stderr.String()), "in the order of lines")
}

func linesNamed(t *testing.T, text string) []int {
	t.Helper()

	var lines []int

	for _, m := range regexp.MustCompile(`config\.yaml:(\d+): `).FindAllStringSubmatch(text, -1) {
		n, err := strconv.Atoi(m[1])
		require.NoError(t, err)

		lines = append(lines, n)
	}

	return lines
}

// A file is looked at without a cluster, and line 10 comes after line 9.
func TestCheckOfAConfigAlone(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		code int
		want string
	}{
		"good":       {configHead + "globalCIDRs: [242.0.0.0/16]\n", exitOK, "nothing found"},
		"no CIDR":    {configHead, exitInvalid, "no global CIDR given"},
		"two digits": {configHead + strings.Repeat("\n", 5) + "workers: many\n\nmore: 1\n", exitInvalid, ":8: workers"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer

			code := run(t.Context(), []string{"check", "--config-only", "--config=" + writeConfig(t, c.text)}, &stdout, &stderr)
			assert.Equal(t, c.code, code)
			assert.Contains(t, stdout.String()+stderr.String(), c.want)

			if lines := linesNamed(t, stderr.String()); len(lines) > 1 {
				assert.Equal(t, []int{8, 10}, lines)
			}
		})
	}

	for _, args := range [][]string{{"check", "--config-only"}, {"check", "--config=x"}} {
		var stdout, stderr bytes.Buffer

		assert.Equal(t, exitInvalid, run(t.Context(), args, &stdout, &stderr))
		assert.Contains(t, stderr.String(), "--config")
	}
}
