package program

import (
	_ "embed" // for the certificate
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
)

// authority is the certificate that programs find as the cluster's authority. Nothing
// is signed by it: what is meant for the API server goes as plain text.
//
//go:embed authority.pem
var authority string

// files are the file system of one life: what a container of a pod finds, and room
// for what the program writes. It goes when the life does.
type files struct{ root string }

// Where a process of a cluster finds what it needs to reach the API server.
const (
	accountDir = "/var/run/secrets/kubernetes.io/serviceaccount"
	// Kubeconfig is a file that every program finds, for those that insist on one.
	Kubeconfig = "/etc/kubernetes/kubeconfig"
)

func newFiles(o Options) (files, error) {
	root, err := os.MkdirTemp("", "seatrial-life-")
	if err != nil {
		return files{}, fmt.Errorf("making a folder for a process: %w", err)
	}
	f := files{root}
	problems := []error{os.Chmod(root, 0o755)}
	for _, dir := range []string{"tmp", "root", "dev"} {
		problems = append(problems, os.Mkdir(filepath.Join(root, dir), 0o777))
	}
	problems = append(problems, os.Symlink("var/run", filepath.Join(root, "run")))
	all := o.files()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		problems = append(problems, f.write(name, all[name]))
	}
	if err := errors.Join(problems...); err != nil {
		return files{}, errors.Join(fmt.Errorf("making a folder for a process: %w", err), f.remove())
	}
	return f, nil
}

// write puts a file where the program sees it under an absolute name.
func (f files) write(name, content string) error {
	file := filepath.Join(f.root, filepath.FromSlash(path.Clean("/"+name)))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(content), 0o644)
}

func (f files) remove() error { return os.RemoveAll(f.root) }

// files are those of every program and those of its own.
func (o Options) files() map[string]string {
	all := map[string]string{
		accountDir + "/token":     token,
		accountDir + "/ca.crt":    authority,
		accountDir + "/namespace": o.namespace(),
		Kubeconfig:                kubeconfig,
		"/etc/hosts":              "127.0.0.1 localhost\n",
		"/etc/resolv.conf":        "search " + o.namespace() + ".svc.cluster.local svc.cluster.local cluster.local\n",
		"/etc/passwd":             "root:x:0:0:root:/root:/sbin/nologin\n",
		"/etc/group":              "root:x:0:\n",
		"/dev/null":               "",
	}
	for name, content := range o.Files {
		all[name] = content
	}
	return all
}

// token names the process to an API server that asks nobody for more.
const token = "seatrial"

const kubeconfig = `apiVersion: v1
kind: Config
clusters:
- name: seatrial
  cluster: {server: "https://` + apiServerIP + `:443", certificate-authority: ` + accountDir + `/ca.crt}
users:
- name: program
  user: {tokenFile: ` + accountDir + `/token}
contexts:
- name: seatrial
  context: {cluster: seatrial, user: program}
current-context: seatrial
`
