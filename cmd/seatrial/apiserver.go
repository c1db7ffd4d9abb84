package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/sim/apiserver"
	"github.com/seatrial/seatrial/sim/apiserver/kinds"
	kindregistry "github.com/seatrial/seatrial/sim/apiserver/kinds/registry"
	"github.com/seatrial/seatrial/sim/apiserver/loopback"
)

func apiserverCommand() *cobra.Command {
	var listen string
	var seed uint64
	var crds []string
	var options loopback.Options
	var watchCache bool
	config := apiserver.Config{
		GarbageCollector: true, NamespaceController: true, ServiceIPAddresses: true, ClaimProtection: true, VolumeProtection: true,
		WatchCacheSize: 100_000, // bounds the history of a server that runs for days
	}
	c := &cobra.Command{
		Use:     "apiserver --listen 127.0.0.1:PORT",
		Short:   "Serve the simulated API server on a loopback address, on the real clock",
		Example: "  seatrial apiserver --listen 127.0.0.1:8443 --crd crd.yaml",
		Long: "Serve the simulated API server over plain HTTP on a loopback address, on the real clock,\n" +
			"so that curl, kubectl and any client can talk to it. The flags choose what varies between real clusters.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := checkLoopback(listen); err != nil {
				return err
			}
			if config.Replicas < 1 {
				return fmt.Errorf("--replicas %d: want at least 1", config.Replicas)
			}
			if config.CompactionInterval < 0 {
				return fmt.Errorf("--compaction-interval %s: want 0 for never, or a positive duration", config.CompactionInterval)
			}
			config.Seed = seed
			config.DisableWatchCache = !watchCache
			config.Kinds = kindregistry.New(kinds.Options{Seed: seed})
			host, err := loopback.New(config)
			if err != nil {
				return err
			}
			if err := installCRDs(host, crds); err != nil {
				return err
			}
			return serve(c, listen, host.Handler(config.Replicas, options))
		},
	}
	f := c.Flags()
	f.StringVar(&listen, "listen", "127.0.0.1:0", "loopback `address` to listen on; port 0 takes a free one")
	f.StringVar(&options.Token, "token", "", "bearer `token` that every request must carry; empty: none")
	f.BoolVar(&options.Compact, "allow-compact", false, "serve POST /seatrial/compact, which discards history up to now")
	f.Uint64Var(&seed, "seed", 0, "decides uids, generated names and allocated addresses")
	f.StringArrayVar(&crds, "crd", nil, "install the CustomResourceDefinition in this `file`; may be repeated")
	f.IntVar(&config.Replicas, "replicas", 1, "API server front ends, taken in turn")
	f.BoolVar(&config.WatchList, "watch-list", true, "serve watches with sendInitialEvents")
	f.BoolVar(&watchCache, "watch-cache", true, "serve watches and reads at a resourceVersion from a watch cache")
	f.BoolVar(&config.ManagedFields, "managed-fields", true, "show metadata.managedFields")
	f.DurationVar(&config.CompactionInterval, "compaction-interval", 5*time.Minute, "discard history older than this; 0: never")
	return c
}

// checkLoopback keeps the server off the network: it has no authorization.
func checkLoopback(listen string) error {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("--listen %q: want 127.0.0.1:PORT: %w", listen, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("--listen %q: want a loopback address, such as 127.0.0.1:0; the server lets everybody do everything", listen)
	}
	return nil
}

func installCRDs(host *loopback.Host, files []string) error {
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("--crd: %w", err)
		}
		crd, err := apiserver.ParseCRD(data)
		if err != nil {
			return fmt.Errorf("--crd %s: %w", file, err)
		}
		host.Do(func(s *apiserver.Server) { err = s.InstallCRDs(crd) })
		if err != nil {
			return fmt.Errorf("--crd %s: %w", file, err)
		}
	}
	return nil
}

// serve answers until the context ends. The URL is the first line of output.
func serve(c *cobra.Command, listen string, handler http.Handler) error {
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.OutOrStdout(), "http://%s\n", listener.Addr())
	server := loopback.NewServer(handler)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		<-c.Context().Done()
		// Watches never end by themselves: a second for answers under way.
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			server.Close()
		}
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving: %w", err)
	}
	<-stopped
	return nil
}
