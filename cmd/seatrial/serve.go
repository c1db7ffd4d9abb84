package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/internal/report"
	"github.com/seatrial/seatrial/internal/results"
)

func serveCommand() *cobra.Command {
	var port int
	c := &cobra.Command{
		Use:   "serve DIR",
		Short: "Serve a results folder to this machine's browser, also while a sweep fills it",
		Long: "Serve a results folder on the loopback interface, to read only, until interrupted.\n\n" +
			"The page over all failures is made anew when it is loaded, and of a sweep that is under way shows how far it is: runs, failures and coverage as they come. Nothing is fetched from elsewhere.",
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

// livePath is where the page asks how far a sweep is.
const livePath = "/live.json"

// readOnly serves files of a folder to this machine alone. A page elsewhere could
// make its own name lead here: requests for other hosts are refused.
func readOnly(dir, host string) http.Handler {
	files := http.FileServerFS(os.DirFS(dir))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, port, _ := net.SplitHostPort(host)
		switch {
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			http.Error(w, "read only", http.StatusMethodNotAllowed)
			return
		case r.Host != host && r.Host != "localhost:"+port:
			http.Error(w, "this server is for "+host, http.StatusForbidden)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		switch r.URL.Path {
		case "/", "/" + indexFile:
			serveIndex(w, r, dir)
		case livePath:
			serveLive(w, r, dir)
		default:
			files.ServeHTTP(w, r)
		}
	})
}

// serveIndex makes the page over all failures from what is there now. A folder that
// holds no results is listed.
func serveIndex(w http.ResponseWriter, r *http.Request, dir string) {
	s, err := results.Merge([]string{dir})
	if err != nil {
		http.FileServerFS(os.DirFS(dir)).ServeHTTP(w, r)
		return
	}
	index := indexOf([]results.Night{{Name: nightOf(dir), Summary: s}}, dir)
	if live := liveOf(s); !live.Ended {
		index.Live = live
	}
	var page bytes.Buffer
	if err := report.WriteIndex(&page, index); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write(page.Bytes())
}

func serveLive(w http.ResponseWriter, r *http.Request, dir string) {
	s, err := results.Merge([]string{dir})
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(liveOf(s))
}

// endless is more runs than anybody waits for: a sweep for a time has no number.
const endless = 1 << 50

// liveOf is how far the sweeps of a summary are, as long as one of them goes on.
func liveOf(s *results.Summary) *report.Live {
	live := &report.Live{Path: livePath, Failures: len(s.Failures), Covered: len(s.Covered), Ended: true}
	known := true
	for _, part := range s.Folders {
		live.Done += part.Done
		live.Total += uint64(part.Done) + part.Missing
		known = known && !part.Unfinished && part.Missing < endless
		if results.InUse(part.Path) {
			live.Ended = false
		}
	}
	if !known {
		live.Total = 0
	}
	return live
}
