package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"
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
}

func newCheckCommand() *cobra.Command {
	var a auditSettings

	command := &cobra.Command{
		Use:   "check",
		Short: "Audit a cluster's global IPs, changing nothing",
		Long: `Audit a cluster's global IPs, changing nothing: addresses with two owners,
claims and internal Services that belong to nobody, GlobalIngressIPs whose target
is gone, exports without an address.

Exit codes: 0 nothing to put right · 1 could not look · 2 usage · 3 something found.`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error { return a.run(command) },
	}

	flags := command.Flags()
	flags.StringSliceVar(&a.cidrs, "global-cidr", nil,
		"ranges that the controller was given; with them, addresses outside and foreign ones inside are listed, too")
	flags.StringVar(&a.kubeconfig, "kubeconfig", "", "path to a kubeconfig; default: as for the controller")
	flags.StringVarP(&a.output, "output", "o", "text", "text or json")
	flags.DurationVar(&a.settle, "settle", 3*time.Second,
		"look again after this time and report only what is still there; 0 reports at once")

	return command
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
