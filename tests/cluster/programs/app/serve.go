package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
)

// answer is what every path without a meaning of its own tells.
type answer struct {
	Pod      string      `json:"pod"`
	Method   string      `json:"method"`
	Host     string      `json:"host"`
	Path     string      `json:"path"`
	Protocol string      `json:"protocol"`
	Client   string      `json:"client"`
	Headers  http.Header `json:"headers"`
	Received int64       `json:"received"` // bytes of body
	Began    float64     `json:"began"`    // Unix seconds: the process
	Listened float64     `json:"listened"` // Unix seconds: its port
}

func serve(wanted settings) {
	began := time.Now()
	time.Sleep(wanted.startDelay)
	if wanted.exitCode >= 0 {
		fmt.Println("ending as told, with", wanted.exitCode)
		os.Exit(wanted.exitCode)
	}
	listener, err := net.Listen("tcp", fmt.Sprintf(":%d", wanted.port))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	listened := time.Now()
	ready := func() bool { return time.Since(listened) >= wanted.readyDelay }
	if wanted.grpcPort != 0 {
		go serveHealth(wanted.grpcPort, wanted.readyDelay)
	}
	go endWhenTold(wanted.termDelay)
	fmt.Println("listening on", listener.Addr())

	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	server := http.Server{Handler: paths(ready, began, listened), Protocols: protocols}
	fmt.Fprintln(os.Stderr, server.Serve(listener))
	os.Exit(1)
}

func paths(ready func() bool, began, listened time.Time) http.Handler {
	pod, _ := os.Hostname()
	all := http.NewServeMux()
	all.HandleFunc("/ready", func(w http.ResponseWriter, _ *http.Request) {
		if !ready() {
			http.Error(w, "not yet", http.StatusServiceUnavailable)
		}
	})
	all.HandleFunc("/healthz", func(http.ResponseWriter, *http.Request) {})
	all.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		ms, _ := strconv.Atoi(r.URL.Query().Get("ms"))
		time.Sleep(time.Duration(ms) * time.Millisecond)
		fmt.Fprintln(w, pod)
	})
	all.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		received, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			return
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(answer{pod, r.Method, r.Host, r.URL.RequestURI(), r.Proto, r.RemoteAddr, r.Header,
			received, seconds(began), seconds(listened)})
	})
	return all
}

func seconds(moment time.Time) float64 {
	return float64(moment.UnixMicro()) / 1e6
}

// serveHealth is gRPC's own health service, which probes of the kind grpc ask.
func serveHealth(port int, readyDelay time.Duration) {
	listener, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	state := health.NewServer()
	state.SetServingStatus("", grpc_health_v1.HealthCheckResponse_NOT_SERVING)
	time.AfterFunc(readyDelay, func() { state.SetServingStatus("", grpc_health_v1.HealthCheckResponse_SERVING) })
	server := grpc.NewServer()
	grpc_health_v1.RegisterHealthServer(server, state)
	fmt.Fprintln(os.Stderr, server.Serve(listener))
	os.Exit(1)
}

func endWhenTold(after time.Duration) {
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGINT, syscall.SIGTERM)
	<-told
	time.Sleep(after)
	os.Exit(0)
}
