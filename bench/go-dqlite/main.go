// The Go side of the benchmark of stores: inserts into a dqlite cluster through go-dqlite's driver of database/sql, when a line of the
// input asks for it, and answers with the nanoseconds that the commit took. One line, one answer:
//
//	append FIRST COUNT SIZE...    COUNT rows of these sizes, numbered from FIRST, in one prepared statement
//	single FIRST COUNT SIZE...    each row by a statement of its own, in a transaction of its own, not prepared
//	transact FIRST COUNT SIZE...  BEGIN, a statement for each row, COMMIT: what the Seguro prototype of 2022 measured
//	count                         how many rows there are, and their bytes
//
// One SIZE for all rows, or one for each. An answer that begins with "error" is the last.
package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/canonical/go-dqlite/client"
	"github.com/canonical/go-dqlite/driver"
)

const (
	insert   = "INSERT INTO event (n, payload) VALUES "
	patience = 20 * time.Second
)

type bench struct {
	db       *sql.DB
	prepared map[int]*sql.Stmt
	noise    []byte
}

func main() {
	certificates := flag.String("certificates", "", "the folder with ca.crt, member.crt and member.key")
	database := flag.String("database", "go", "the database's name in the cluster")
	flag.Parse()
	b, err := open(*certificates, *database, flag.Args())
	if err == nil {
		err = b.serve()
	}
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
}

// open connects with the leader, and makes an empty table.
func open(certificates, database string, nodes []string) (*bench, error) {
	config, err := trust(certificates)
	if err != nil {
		return nil, err
	}
	store := client.NewInmemNodeStore()
	var infos []client.NodeInfo
	for i, address := range nodes {
		infos = append(infos, client.NodeInfo{ID: uint64(i + 1), Address: address})
	}
	if err := store.Set(context.Background(), infos); err != nil {
		return nil, err
	}
	dqlite, err := driver.New(store,
		driver.WithDialFunc(client.DialFuncWithTLS(client.DefaultDialFunc, config)),
		driver.WithLogFunc(func(client.LogLevel, string, ...interface{}) {}))
	if err != nil {
		return nil, err
	}
	connector, err := dqlite.OpenConnector(database)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	// dqlite has one writer.
	db.SetMaxOpenConns(1)
	db.SetMaxIdleConns(1)
	// Else a transaction above 2 MB ends with code 522; and Debian's SQLite overwrites what is deleted, all of which would be replicated.
	rows, err := db.Query("PRAGMA secure_delete = 0") // it answers with a row; the other does not
	if err != nil {
		return nil, err
	}
	if err := rows.Close(); err != nil {
		return nil, err
	}
	for _, statement := range []string{"PRAGMA cache_spill = 0", "DROP TABLE IF EXISTS event", "CREATE TABLE event (n INTEGER PRIMARY KEY, payload BLOB)"} {
		if _, err := db.Exec(statement); err != nil {
			return nil, err
		}
	}
	return &bench{db: db, prepared: map[int]*sql.Stmt{}}, nil
}

func trust(folder string) (*tls.Config, error) {
	pem, err := os.ReadFile(filepath.Join(folder, "ca.crt"))
	if err != nil {
		return nil, err
	}
	authorities := x509.NewCertPool()
	if !authorities.AppendCertsFromPEM(pem) {
		return nil, errors.New("ca.crt holds no certificate")
	}
	member, err := tls.LoadX509KeyPair(filepath.Join(folder, "member.crt"), filepath.Join(folder, "member.key"))
	if err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: authorities, Certificates: []tls.Certificate{member}}, nil
}

func (b *bench) serve() error {
	fmt.Println("ready")
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		words := strings.Fields(input.Text())
		if len(words) == 1 && words[0] == "count" {
			var rows, bytes int64
			if err := b.db.QueryRow("SELECT count(*), coalesce(sum(length(payload)), 0) FROM event").Scan(&rows, &bytes); err != nil {
				return err
			}
			fmt.Println(rows, bytes)
			continue
		}
		first, payloads, err := b.rows(words)
		if err != nil {
			return err
		}
		taken, err := b.commit(words[0], first, payloads)
		if err != nil {
			return err
		}
		fmt.Println(taken.Nanoseconds())
	}
	return input.Err()
}

// rows reads FIRST COUNT SIZE..., and makes payloads of these sizes.
func (b *bench) rows(words []string) (int64, [][]byte, error) {
	if len(words) < 4 {
		return 0, nil, fmt.Errorf("%q is no request", words)
	}
	var numbers []int64
	for _, word := range words[1:] {
		number, err := strconv.ParseInt(word, 10, 64)
		if err != nil {
			return 0, nil, err
		}
		numbers = append(numbers, number)
	}
	first, payloads, sizes := numbers[0], make([][]byte, numbers[1]), numbers[2:]
	if len(sizes) != 1 && len(sizes) != len(payloads) {
		return 0, nil, fmt.Errorf("%d sizes for %d rows", len(sizes), len(payloads))
	}
	for i := range payloads {
		size := sizes[i%len(sizes)]
		for int64(len(b.noise)) < size+int64(len(payloads)) {
			more := make([]byte, 1<<20)
			rand.Read(more)
			b.noise = append(b.noise, more...)
		}
		payloads[i] = b.noise[i : int64(i)+size]
	}
	return first, payloads, nil
}

// commit does it, again where the leader changed and did not do it; says how long that took.
func (b *bench) commit(verb string, first int64, payloads [][]byte) (time.Duration, error) {
	start := time.Now()
	for {
		err := b.try(verb, first, payloads)
		if err == nil || time.Since(start) > patience {
			return time.Since(start), err
		}
		var last int64
		if found := b.db.QueryRow("SELECT coalesce(max(n), 0) FROM event").Scan(&last); found == nil {
			if last >= first+int64(len(payloads))-1 {
				return time.Since(start), nil
			}
			if skip := last - first + 1; skip > 0 && verb == "single" {
				first, payloads = last+1, payloads[skip:]
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (b *bench) try(verb string, first int64, payloads [][]byte) error {
	switch verb {
	case "append":
		statement, err := b.statement(len(payloads))
		if err != nil {
			return err
		}
		var values []interface{}
		for i, payload := range payloads {
			values = append(values, first+int64(i), payload)
		}
		_, err = statement.Exec(values...)
		return err
	case "single":
		for i, payload := range payloads {
			if _, err := b.db.Exec(insert+"(?, ?)", first+int64(i), payload); err != nil {
				return err
			}
		}
		return nil
	case "transact":
		transaction, err := b.db.Begin()
		if err != nil {
			return err
		}
		for i, payload := range payloads {
			if _, err := transaction.Exec(insert+"(?, ?)", first+int64(i), payload); err != nil {
				_ = transaction.Rollback()
				return err
			}
		}
		return transaction.Commit()
	}
	return fmt.Errorf("%q is no verb", verb)
}

func (b *bench) statement(rows int) (*sql.Stmt, error) {
	if statement, ok := b.prepared[rows]; ok {
		return statement, nil
	}
	statement, err := b.db.Prepare(insert + strings.TrimSuffix(strings.Repeat("(?, ?), ", rows), ", "))
	if err == nil {
		b.prepared[rows] = statement
	}
	return statement, err
}
