package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatrial/seatrial/controller"
	"github.com/seatrial/seatrial/controller/audit"
)

// auditSettings are the flags of check.
type auditSettings struct {
	cidrs      []string
	kubeconfig string
	output     string
	settle     time.Duration
	configOnly bool
	config     string
}

func newCheckCommand() *cobra.Command {
	var a auditSettings

	command := &cobra.Command{
		Use:   "check",
		Short: "Audit a cluster's global IPs, changing nothing",
		Long: `Audit a cluster's global IPs, changing nothing: addresses with two owners,
claims and internal Services that belong to nobody, GlobalIngressIPs whose target
is gone, exports without an address.

With --config-only no cluster is asked: what is wrong with a configuration file is
told, all at once and in the order of its lines.

Exit codes: 0 nothing to put right · 1 could not look · 2 usage · 3 something found.`,
		Example: "  globalingressip-controller check --global-cidr 242.0.0.0/16\n" +
			"  globalingressip-controller check --config-only --config controller.yaml",
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if a.configOnly {
				return a.checkConfig(command)
			}

			if a.config != "" {
				return errors.New("--config: goes with --config-only; an audit takes --global-cidr")
			}

			return a.run(command)
		},
	}

	flags := command.Flags()
	flags.StringSliceVar(&a.cidrs, "global-cidr", nil,
		"ranges that the controller was given; with them, addresses outside and foreign ones inside are listed, too")
	flags.StringVar(&a.kubeconfig, "kubeconfig", "", "path to a kubeconfig; default: as for the controller")
	flags.StringVarP(&a.output, "output", "o", "text", "text or json")
	flags.DurationVar(&a.settle, "settle", 3*time.Second,
		"look again after this time and report only what is still there; 0 reports at once")
	flags.BoolVar(&a.configOnly, "config-only", false, "only read the file of --config, as the controller would, and start nothing")
	flags.StringVar(&a.config, "config", "", "with --config-only: path to a configuration file")

	return command
}

// checkConfig reads the configuration as the controller does when it starts, with
// --global-cidr as the one flag that files often leave to the command line.
func (a *auditSettings) checkConfig(command *cobra.Command) error {
	if a.config == "" {
		return errors.New("--config-only: which file? Say it with --config FILE")
	}

	var s settings

	flags := pflag.NewFlagSet("controller", pflag.ContinueOnError)
	s.addFlags(flags)

	s.config = a.config
	for _, cidr := range a.cidrs {
		if err := flags.Set("global-cidr", cidr); err != nil {
			return fmt.Errorf("--global-cidr: %w", err)
		}
	}

	if _, err := s.check(flags, io.Discard); err != nil {
		return err
	}

	_, err := fmt.Fprintf(command.OutOrStdout(), "%s: nothing found\n", a.config)

	return err
}

func (a *auditSettings) run(command *cobra.Command) error {
	if a.output != "text" && a.output != "json" {
		return fmt.Errorf("--output %q: use text or json", a.output)
	}

	if a.settle < 0 {
		return fmt.Errorf("--settle %s: use 0 or more", a.settle)
	}

	cidrs, err := parseCIDRs(a.cidrs, nil)
	if err != nil {
		return err
	}

	cfg, err := restConfig(a.kubeconfig)
	if err != nil {
		return fmt.Errorf("find the API server: %w", err)
	}

	reader, err := newReader(cfg)
	if err != nil {
		return err
	}

	findings, err := audit.Run(command.Context(), reader, audit.Options{CIDRs: cidrs, Settle: a.settle})
	if err != nil {
		return &runError{err}
	}

	if err := a.print(command.OutOrStdout(), findings); err != nil {
		return &runError{err}
	}

	if slices.ContainsFunc(findings, audit.Finding.Fault) {
		return errFound
	}

	return nil
}

func newReader(cfg *rest.Config) (client.Reader, error) {
	scheme := runtime.NewScheme()
	if err := controller.AddToScheme(scheme); err != nil {
		return nil, fmt.Errorf("build the scheme: %w", err)
	}

	cfg = rest.CopyConfig(cfg)
	cfg.WarningHandler = rest.NoWarnings{}

	reader, err := client.New(cfg, client.Options{Scheme: scheme, Mapper: controller.NewRESTMapper()})
	if err != nil {
		return nil, fmt.Errorf("build the client: %w", err)
	}

	return reader, nil
}

func (a *auditSettings) print(out io.Writer, findings []audit.Finding) error {
	if a.output == "json" {
		if findings == nil {
			findings = []audit.Finding{}
		}

		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")

		return encoder.Encode(findings)
	}

	for _, finding := range findings {
		if _, err := fmt.Fprintln(out, finding); err != nil {
			return err
		}
	}

	if len(findings) == 0 {
		_, err := fmt.Fprintln(out, "nothing found")

		return err
	}

	return nil
}
