package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/scenarios/artifact"
)

// pageOf is the page of an artifact.
const pageOf = "report.html"

func explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain ARTIFACT",
		Short: "Say why a run failed: one sentence, and the few events that led there",
		Long: "Say why a run failed, from what the artifact holds: nothing is run.\n\n" +
			"The events are found by walking back from the one that broke the law: commit, call, what its process had been told, whose change or which fault that was. docs/use/report.md says how far to trust it.",
		Example:           "  seatrial explain failures/historical-1457-seed-12",
		ValidArgsFunction: completeArtifacts,
		Args:              arguments(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			a, err := artifact.Read(args[0])
			if err != nil {
				return err
			}
			o := a.Outcome
			fmt.Fprintf(c.OutOrStdout(), "%s: %s violated %s in %s, seed %d\n    %s\n", o.Verdict, o.Job.Subject, o.Property, o.Scenario, o.Job.Seed, o.Message)
			if o.Why == nil {
				return &exitError{exitInconclusive, fmt.Sprintf("the artifact holds no explanation: seatrial %s did not make one, or the run left no events; try seatrial replay %s", a.Version, quote(args[0]))}
			}
			fmt.Fprint(c.OutOrStdout(), o.Why.Text())
			return nil
		},
	}
}

func openCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "open ARTIFACT",
		Short:             "Open the report of a failure in the browser",
		Example:           "  seatrial open failures/historical-1457-seed-12",
		ValidArgsFunction: completeArtifacts,
		Args:              arguments(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			page, err := filepath.Abs(filepath.Join(args[0], pageOf))
			if err != nil {
				return err
			}
			if _, err := os.Stat(page); err != nil {
				return fmt.Errorf("open: %s is no artifact: %w", args[0], err)
			}
			program := opener(runtime.GOOS)
			if err := exec.CommandContext(c.Context(), program[0], append(program[1:], page)...).Run(); err != nil {
				return &exitError{exitInconclusive, fmt.Sprintf("no browser could be opened (%v): open %s", err, page)}
			}
			return nil
		},
	}
}

// opener is the program with which an operating system opens a file.
func opener(system string) []string {
	switch system {
	case "darwin":
		return []string{"open"}
	case "windows":
		return []string{"rundll32", "url.dll,FileProtocolHandler"}
	}
	return []string{"xdg-open"}
}

func serveCommand() *cobra.Command {
	var port int
	c := &cobra.Command{
		Use:   "serve DIR",
		Short: "Serve a results folder to this machine's browser, also while a sweep fills it",
		Long: "Serve a results folder on the loopback interface, to read only, until interrupted.\n\n" +
			"Pages show what is there when they are loaded: artifacts of a running sweep appear as they are written, its index when it ends.",
		Example:           "  seatrial serve failures",
		ValidArgsFunction: completeFolders,
		Args:              arguments(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			if info, err := os.Stat(args[0]); err != nil || !info.IsDir() {
				return fmt.Errorf("serve: %s is no folder (want the one that --out named)", args[0])
			}
			listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", fmt.Sprint(port)))
			if err != nil {
				return fmt.Errorf("serve: %w", err)
			}
			fmt.Fprintf(c.OutOrStdout(), "http://%s/\n", listener.Addr())
			server := &http.Server{Handler: readOnly(args[0], listener.Addr().String()), ReadHeaderTimeout: 10 * time.Second}
			go func() {
				<-c.Context().Done()
				server.Close()
			}()
			if err := server.Serve(listener); err != http.ErrServerClosed {
				return fmt.Errorf("serve: %w", err)
			}
			return nil
		},
	}
	c.Flags().IntVar(&port, "port", 0, "`port` to listen at; 0: any that is free")
	return c
}

// readOnly serves files of a folder to this machine alone. A page elsewhere could
// make its own name lead here: requests for other hosts are refused.
func readOnly(dir, host string) http.Handler {
	files := http.FileServerFS(os.DirFS(dir))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, port, _ := net.SplitHostPort(host)
		switch {
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			http.Error(w, "read only", http.StatusMethodNotAllowed)
		case r.Host != host && r.Host != "localhost:"+port:
			http.Error(w, "this server is for "+host, http.StatusForbidden)
		default:
			w.Header().Set("Cache-Control", "no-store")
			files.ServeHTTP(w, r)
		}
	})
}
