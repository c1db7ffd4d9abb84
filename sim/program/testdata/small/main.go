// Program small does, with nothing but the standard library, the one thing that its
// first argument names. Each is something that real programs do, or do wrong.
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"math/rand"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

var drawn = rand.New(rand.NewSource(1)) // seeded while packages are initialised

func init() {
	if len(os.Args) > 1 && os.Args[1] == "panics-in-init" {
		panic("not even main")
	}
}

func main() {
	deeds[os.Args[1]]()
}

var deeds = map[string]func(){
	"returns":       func() {},
	"exits":         func() { fmt.Println("leaving"); os.Exit(3) },
	"panics":        func() { time.Sleep(time.Second); panic("in main") },
	"panics-astray": func() { go panicAstray(); select {} },
	"deadlocks":     func() { <-make(chan int) },
	"spins": func() {
		time.Sleep(time.Second)
		for {
			work++
		}
	},
	"waits-for-time": func() {
		for end := time.Now().Add(time.Second); time.Now().Before(end); {
			work++
		}
		sleepOn()
	},
	"ends-by-signal": func() { sleepOn() },
	"ends-gracefully": func() {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer stop()
		<-ctx.Done()
		time.Sleep(2 * time.Second)
		fmt.Println("ended gracefully")
	},
	"ignores-sigterm":  func() { signal.Ignore(syscall.SIGTERM); sleepOn() },
	"starts-a-program": func() { fmt.Println(exec.Command("/bin/true").Run()); sleepOn() },
	"talks-udp":        func() { fmt.Println(net.Dial("udp", "192.0.2.1:53")); sleepOn() },
	"looks-up": func() {
		_, err := net.LookupHost("db.example.com")
		fmt.Println(err)
		_, err = net.Dial("tcp", "192.0.2.1:5432")
		fmt.Println(err)
		sleepOn()
	},
	"speaks-http2": func() {
		c, err := net.Dial("tcp", server())
		must(err)
		fmt.Fprint(c, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
		sleepOn()
	},
	"upgrades": func() {
		r, err := http.NewRequest("POST", "https://"+server()+"/api/v1/namespaces/default/pods/p/exec", nil)
		must(err)
		r.Header.Set("Connection", "Upgrade")
		r.Header.Set("Upgrade", "SPDY/3.1")
		_, err = client().Do(r)
		must(err)
	},
	"prints-without-end": func() {
		line := strings.Repeat("x", 1<<16)
		for {
			fmt.Println(line)
			time.Sleep(time.Millisecond)
		}
	},
	"recovers": func() {
		defer sleepOn()
		defer func() { fmt.Printf("E0101 00:00:01 runtime.go:1] Observed a panic: %v\n", recover()) }()
		panic("and goes on")
	},
	"asks-a-cloud": func() {
		for _, scheme := range []string{"http", "https"} {
			fmt.Println(http.Post(scheme+"://cloud.example.com/balancers", "text/plain", strings.NewReader(scheme)))
		}
		sleepOn()
	},
	"asks": func() {
		n, err := strconv.Atoi(os.Args[2])
		must(err)
		for c := client(); n > 0; n-- {
			r, err := c.Get("https://" + server() + "/api/v1/namespaces/default/configmaps")
			must(err)
			_, err = io.Copy(io.Discard, r.Body)
			must(errors.Join(err, r.Body.Close()))
		}
		sleepOn()
	},
	"serves": serve,
	"reads-a-volume": func() {
		for begin := time.Now(); ; time.Sleep(30 * time.Second) {
			folder, _ := os.ReadDir("/certs")
			text, err := os.ReadFile("/certs/tls.crt")
			fmt.Println(time.Since(begin).Round(time.Second), string(text), err, len(folder))
		}
	},
	"admits": admit,
	"writes": write,
	"watches": func() {
		go write()
		watch()
	},
	"show":   show,
	"lists":  list,
	"clocks": clocks,
}

var work int

func sleepOn() { time.Sleep(24 * time.Hour) }

func panicAstray() {
	time.Sleep(2 * time.Second)
	panic(errors.New("nobody recovers this"))
}

func must(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func server() string {
	return net.JoinHostPort(os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT"))
}

// client trusts the cluster's authority, as a program in a cluster does.
func client() *http.Client {
	pem, err := os.ReadFile("/var/run/secrets/kubernetes.io/serviceaccount/ca.crt")
	must(err)
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		must(errors.New("no certificate in ca.crt"))
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
}

// list asks for ConfigMaps every ten seconds and prints what came of it.
func list() {
	c := client()
	for {
		r, err := c.Get("https://" + server() + "/api/v1/namespaces/default/configmaps")
		if err != nil {
			fmt.Println("failed:", err)
		} else {
			body, err := io.ReadAll(r.Body)
			fmt.Println("got", r.StatusCode, len(body) > 0, err)
		}
		time.Sleep(10 * time.Second)
	}
}

// write makes a ConfigMap every ten seconds, and prints what came of it and when.
func write() {
	c, begin := client(), time.Now()
	for n := 0; ; n++ {
		body := fmt.Sprintf(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c%d"}}`, n)
		r, err := c.Post("https://"+server()+"/api/v1/namespaces/default/configmaps", "application/json", strings.NewReader(body))
		if err != nil {
			fmt.Println("create failed:", err)
		} else {
			r.Body.Close()
			fmt.Println("create", r.StatusCode, time.Since(begin).Round(time.Second))
		}
		time.Sleep(10*time.Second*time.Duration(n+1) - time.Since(begin))
	}
}

// event is one of a watch, or with its kind a list.
type event struct {
	Type   string
	Object struct {
		Code     int
		Metadata struct{ Name, ResourceVersion string }
	}
}

// watch follows ConfigMaps as a reflector does, and prints each event, each list and
// each end, and when.
func watch() {
	c, begin := client(), time.Now()
	url := "https://" + server() + "/api/v1/namespaces/default/configmaps"
	say := func(what ...any) { fmt.Println(append([]any{time.Since(begin).Round(time.Second)}, what...)...) }
	at := ""
	for ; ; time.Sleep(time.Second) {
		if at == "" {
			var list struct {
				Metadata struct{ ResourceVersion string }
				Items    []any
			}
			r, err := c.Get(url + "?resourceVersion=0")
			if err == nil {
				err = json.NewDecoder(r.Body).Decode(&list)
			}
			say("list", len(list.Items), err)
			if at = list.Metadata.ResourceVersion; err != nil {
				continue
			}
		}
		r, err := c.Get(url + "?watch=1&allowWatchBookmarks=true&timeoutSeconds=3600&resourceVersion=" + at)
		if err != nil {
			say("watch failed:", err)
			continue
		}
		for events := json.NewDecoder(r.Body); ; {
			var e event
			if err := events.Decode(&e); err != nil {
				say("watch ended:", err)
				break
			}
			if e.Type == "ERROR" {
				say("ERROR", e.Object.Code)
				at = ""
				continue
			}
			at = e.Object.Metadata.ResourceVersion
			say(e.Type, e.Object.Metadata.Name)
		}
		r.Body.Close()
	}
}

// admit is a webhook that lets no ConfigMap in whose name begins with bad. It makes its
// certificate when it starts, and tells the cluster; with "other-ca" it tells another.
func admit() {
	key, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	must(err)
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"hook.default.svc"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(crand.Reader, about, about, key.Public(), key)
	must(err)
	bundle := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if len(os.Args) > 2 && os.Args[2] == "other-ca" {
		bundle, err = os.ReadFile("/var/run/secrets/kubernetes.io/serviceaccount/ca.crt")
		must(err)
	}
	tell("/api/v1/namespaces/default/services", "hook", `{"apiVersion":"v1","kind":"Service","metadata":{"name":"hook"},"spec":{"ports":[{"port":443,"targetPort":9443}]}}`)
	tell("/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations", "hook", fmt.Sprintf(
		`{"apiVersion":"admissionregistration.k8s.io/v1","kind":"ValidatingWebhookConfiguration","metadata":{"name":"hook"},"webhooks":[
		{"name":"hook.example.com","sideEffects":"None","admissionReviewVersions":["v1"],"timeoutSeconds":5,"clientConfig":{"caBundle":%q,"service":{"namespace":"default","name":"hook"}},
		"rules":[{"apiGroups":[""],"apiVersions":["v1"],"operations":["CREATE"],"resources":["configmaps"]}]}]}`, base64.StdEncoding.EncodeToString(bundle)))
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		var review struct{ Request struct{ UID, Name string } }
		must(json.NewDecoder(r.Body).Decode(&review))
		fmt.Println("asked about", review.Request.Name)
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":%q,"allowed":%t,"status":{"message":"no bad names"}}}`,
			review.Request.UID, !strings.HasPrefix(review.Request.Name, "bad"))
	})
	s := http.Server{Addr: ":9443", Handler: mux, TLSConfig: &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}}
	must(s.ListenAndServeTLS("", ""))
}

// tell makes an object, or changes the one that is there.
func tell(path, name, object string) {
	for _, how := range [][2]string{{http.MethodPost, path}, {http.MethodPatch, path + "/" + name}} {
		r, err := http.NewRequest(how[0], "https://"+server()+how[1], strings.NewReader(object))
		must(err)
		r.Header.Set("Content-Type", map[string]string{http.MethodPost: "application/json", http.MethodPatch: "application/merge-patch+json"}[how[0]])
		answer, err := client().Do(r)
		must(err)
		answer.Body.Close()
		if answer.StatusCode != http.StatusConflict {
			return
		}
	}
}

// serve has a page that stops being well after a minute, and metrics.
func serve() {
	begin := time.Now()
	go func() {
		mux := http.NewServeMux()
		mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) {
			if time.Since(begin) > time.Minute {
				w.WriteHeader(http.StatusInternalServerError)
			}
		})
		mux.HandleFunc("/metrics", func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "# TYPE jobs_total counter\njobs_total{queue=\"a\"} 7\n# TYPE depth gauge\ndepth 2\n")
		})
		must(http.ListenAndServe(":8080", mux))
	}()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	<-ctx.Done()
	fmt.Println("told to end")
}

// show prints all that could differ between two runs.
func show() {
	runtime.GOMAXPROCS(8)
	runtime.LockOSThread()
	name, _ := os.Hostname()
	_, never := os.ReadFile("/data")
	must(os.WriteFile("/data", []byte("x"), 0o600))
	fmt.Println(name, os.Getpid(), runtime.GOMAXPROCS(0), runtime.NumCPU(), os.Getenv("POD_NAME"), os.Getenv("WHO"), errors.Is(never, os.ErrNotExist), os.Args[1:])
	order := ""
	for k := range map[string]int{"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6, "g": 7, "h": 8} {
		order += k
	}
	fmt.Println(order, rand.Int63(), drawn.Int63())
	var mu sync.Mutex
	var wg sync.WaitGroup
	raced := ""
	for i := range 8 {
		wg.Go(func() {
			for range 3 {
				mu.Lock()
				raced += fmt.Sprint(i)
				mu.Unlock()
				runtime.Gosched()
			}
		})
	}
	wg.Wait()
	fmt.Printf("%s %p\n", raced, &raced)
	clocks()
}

// clocks prints both clocks every ten seconds.
func clocks() {
	begin := time.Now()
	for {
		now := time.Now()
		fmt.Println(now.UTC().Round(0).Format("15:04:05"), now.Sub(begin).Round(time.Second))
		time.Sleep(10 * time.Second)
	}
}
