package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/internal/testing/slownet"
	"github.com/kubeoci/oci/internal/testing/treegen"
)

type logged struct{ mu sync.Mutex; began time.Time }

func (l *logged) RoundTrip(r *http.Request) (*http.Response, error) {
	at := time.Since(l.began)
	resp, err := http.DefaultTransport.RoundTrip(r)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		fmt.Println("  ", r.Method, r.URL.Path, err)
		return nil, err
	}
	q := ""
	if len(r.URL.RawQuery) > 0 { q = "?" + r.URL.RawQuery[:min(30, len(r.URL.RawQuery))] }
	fmt.Printf("  %4d..%4d ms %s %.60s%s %d range=%q\n", at.Milliseconds(), time.Since(l.began).Milliseconds(), r.Method, r.URL.Path, q, resp.StatusCode, resp.Header.Get("Range"))
	return resp, nil
}

func main() {
	dir := os.Args[1]
	if _, err := os.Stat(dir); err != nil {
		if err := treegen.Write(dir, treegen.Small(), 1); err != nil { panic(err) }
	}
	proxy, err := slownet.Start(slownet.Slow, os.Args[2])
	if err != nil { panic(err) }
	b := new(oci.Builder)
	l := &logged{}
	for i := 0; i < 3; i++ {
		opts := oci.BuildOptions{SourcePath: dir, RegistryEndpoint: proxy.Host, Version: "v1", Repository: fmt.Sprintf("r%d/x%d", time.Now().Unix(), i)}
		if i == 2 { opts.Version = "v2"; opts.Layout = oci.LayoutRoot; os.WriteFile(dir+"/zz.yaml", []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: zz}\n"), 0o600) }
		opts.Registry.Transport = l
		opts.Registry.AllowLocalServices = true
		l.began = time.Now()
		opts.OnEvent = func(e oci.Event) { if e.Push == nil { fmt.Println("  ", time.Since(l.began).Milliseconds(), "ms", e.Phase) } }
		res, err := b.Build(context.Background(), opts)
		fmt.Println(time.Since(l.began).Milliseconds(), "ms", res.Artifact.Tag, err)
		if err == nil {
			opts.OnEvent = nil
			l.began = time.Now()
			res, err = b.Build(context.Background(), opts)
			fmt.Println(time.Since(l.began).Milliseconds(), "ms again", res.Unchanged, err)
		}
	}
}
