package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"
)

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
