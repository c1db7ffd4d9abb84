// The command is run in process with arguments that must be refused, and what
// it prints and returns is compared: every mistake is exit code 2 and one
// sentence that says what would be right.
package main

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestInvalidUsage(t *testing.T) {
	cases := []struct {
		name, want string
		args       []string
	}{
		{"no CIDR", "at least one is needed", []string{}},
		{"not a CIDR", `--global-cidr "242.0.0.0": write it like 242.0.0.0/16`, []string{"--global-cidr=242.0.0.0"}},
		{"too small", "/30 or shorter", []string{"--global-cidr=242.0.0.0/31"}},
		{"overlap", "242.0.1.0/24 overlaps 242.0.0.0/16", []string{"--global-cidr=242.0.0.0/16,242.0.1.0/24"}},
		{"workers", "workers is -1", []string{"--global-cidr=242.0.0.0/16", "--workers=-1"}},
		{"lease times", "use lease > renew > retry > 0", []string{
			"--global-cidr=242.0.0.0/16", "--leader-elect", "--leader-election-namespace=x", "--lease-duration=1s"}},
		{"lease namespace", "needs the namespace", []string{
			"--global-cidr=242.0.0.0/16", "--leader-elect", "--leader-election-namespace="}},
		{"metrics address", `metrics bind address "8080"`, []string{"--global-cidr=242.0.0.0/16", "--metrics-bind-address=8080"}},
		{"log level", `--log-level "loud"`, []string{"--log-level=loud"}},
		{"log format", `--log-format "xml"`, []string{"--log-format=xml"}},
		{"kubeconfig", "find the API server", []string{"--global-cidr=242.0.0.0/16", "--kubeconfig=/does/not/exist"}},
		{"unknown flag", "unknown flag: --no-such", []string{"--no-such"}},
		{"argument", `unknown command "stray"`, []string{"stray"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer

			assert.Equal(t, exitInvalid, run(context.Background(), c.args, &stdout, &stderr))
			assert.Contains(t, stderr.String(), c.want)
			assert.Empty(t, stdout.String())
		})
	}
}

func TestVersion(t *testing.T) {
	var stdout, stderr bytes.Buffer

	assert.Equal(t, exitOK, run(context.Background(), []string{"version"}, &stdout, &stderr))
	assert.Regexp(t, `^\S+\n$`, stdout.String())
	assert.Empty(t, stderr.String())
}
