package main

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"runtime/debug"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/seatrial/seatrial/controller"
)

// version is set by the linker; without it the module's own version shows.
var version = ""

// settings are the flags before they are checked.
type settings struct {
	options    controller.Options
	cidrs      []string
	kubeconfig string
	config     string
	dataPath   string
	log        logSettings
}

func newCommand(stdout, stderr io.Writer) *cobra.Command {
	var s settings

	command := &cobra.Command{
		Use:   "globalingressip-controller --global-cidr CIDR",
		Short: "Gives every exported Service one global IP",
		Long: `Gives every exported Service one global IP, and keeps the law that no global
IP is ever assigned to two owners and none is freed or changed while its
Service still exists and is exported.`,
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(command *cobra.Command, _ []string) error {
			return s.run(command, stderr)
		},
	}
	command.SetOut(stdout)
	command.SetErr(stderr)
	s.addFlags(command.Flags())
	command.AddCommand(newVersionCommand(), newCheckCommand())

	return command
}

func newVersionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		Run: func(command *cobra.Command, _ []string) {
			fmt.Fprintln(command.OutOrStdout(), versionText())
		},
	}
}

func versionText() string {
	if version != "" {
		return version
	}

	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}

	return "(devel)"
}

func (s *settings) addFlags(flags *pflag.FlagSet) {
	o := &s.options

	flags.StringVar(&s.config, "config", "", "path to a configuration file; flags have the last word (docs/globalingressip/operations.md)")
	flags.StringSliceVar(&s.cidrs, "global-cidr", nil,
		"range global IPs are taken from, e.g. 242.0.0.0/16; may be given several times (required)")
	flags.BoolVar(&o.MoveOutside, "move-outside", false,
		"after a change of --global-cidr, give owners of addresses outside of it others; otherwise they are kept and reported")
	flags.StringVar(&s.kubeconfig, "kubeconfig", "",
		"path to a kubeconfig; default: $KUBECONFIG, then the pod's service account, then ~/.kube/config")
	flags.StringVar(&s.dataPath, "data-path", dataPathNone,
		"what leads packets to what is behind headless Services: nftables (on the gateway node, with NET_ADMIN) or none")
	flags.IntVar(&o.Workers, "workers", 4, "how many objects are worked on at once")
	flags.BoolVar(&o.LeaderElection, "leader-elect", false, "wait to be elected before changing anything")
	flags.StringVar(&o.LeaderElectionNamespace, "leader-election-namespace", os.Getenv("POD_NAMESPACE"),
		"namespace of the Lease; default: $POD_NAMESPACE")
	flags.StringVar(&o.Identity, "identity", os.Getenv("POD_NAME"),
		"name of this replica in the Lease; default: $POD_NAME, then host name and a random part")
	flags.DurationVar(&o.LeaseDuration, "lease-duration", controller.DefaultLeaseDuration,
		"how long a standby waits before taking over from a silent leader")
	flags.DurationVar(&o.RenewDeadline, "renew-deadline", controller.DefaultRenewDeadline,
		"how long a leader tries to renew before it stops leading")
	flags.DurationVar(&o.RetryPeriod, "retry-period", controller.DefaultRetryPeriod,
		"time between attempts to acquire or renew the Lease")
	flags.DurationVar(&o.RequestTimeout, "request-timeout", controller.DefaultRequestTimeout,
		"time limit of a single API call")
	flags.StringVar(&o.MetricsBindAddress, "metrics-bind-address", ":8080", "where /metrics is served; 0 turns it off")
	flags.StringVar(&o.HealthProbeBindAddress, "health-probe-bind-address", ":8081",
		"where /healthz and /readyz are served; 0 turns them off")
	s.log.addFlags(flags)
}

func (s *settings) run(command *cobra.Command, stderr io.Writer) error {
	logger, err := s.check(command.Flags(), stderr)
	if err != nil {
		return err
	}

	ctrllog.SetLogger(logger)
	klog.SetLogger(logger.WithName("client-go"))

	s.options.Logger = logger

	cfg, err := restConfig(s.kubeconfig)
	if err != nil {
		return fmt.Errorf("find the API server: %w", err)
	}

	cfg.UserAgent = "globalingressip-controller/" + versionText()
	logger.Info("starting", "version", versionText(), "cidrs", s.cidrs, "host", cfg.Host)

	if err := controller.Run(command.Context(), cfg, s.options); err != nil {
		return &runError{err}
	}

	return nil
}

// check turns file and flags into options. What is wrong with them is told all at once,
// what is in the file in the order of its lines.
func (s *settings) check(flags *pflag.FlagSet, stderr io.Writer) (logr.Logger, error) {
	var (
		at     places
		faults [5]error
		logger logr.Logger
	)

	if s.config != "" {
		at, faults[0] = readConfigFile(s.config, flags)
		if at == nil {
			return logger, faults[0] // nothing of it could be read
		}
	}

	o := &s.options

	if o.CIDRs, faults[1] = parseCIDRs(s.cidrs, at); faults[1] == nil {
		faults[1] = o.Validate()
	}

	// Zero is for programs that leave the choice to the controller; nobody says it and means that.
	if o.Workers == 0 {
		faults[2] = fmt.Errorf("%s is 0: use 1 or more", at.named("workers"))
	}

	o.DataPath, faults[3] = newDataPath(s.dataPath, at)
	logger, faults[4] = s.log.newLogger(stderr, at)

	return logger, inOrder(s.config, faults[:])
}

func parseCIDRs(texts []string, at places) ([]netip.Prefix, error) {
	cidrs := make([]netip.Prefix, 0, len(texts))

	var faults []error

	for _, text := range texts {
		cidr, err := netip.ParsePrefix(text)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s %q: write it like 242.0.0.0/16: %w", at.named("global-cidr"), text, err))
		}

		cidrs = append(cidrs, cidr)
	}

	return cidrs, errors.Join(faults...)
}

// restConfig follows the order that kubectl and in-cluster programs have in
// common: what is named explicitly, then the pod, then the user's own file.
func restConfig(kubeconfig string) (*rest.Config, error) {
	if kubeconfig == "" && os.Getenv(clientcmd.RecommendedConfigPathEnvVar) == "" {
		if cfg, err := rest.InClusterConfig(); err == nil {
			return cfg, nil
		}
	}

	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = kubeconfig

	return clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{}).ClientConfig()
}
