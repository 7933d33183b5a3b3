namespace Seguro.Stores.Dqlite;

/// <summary>The requests of the wire protocol, with their codes (databases-measured.md; the protocol of libdqlite 1.11).</summary>
enum RequestType : byte
{
    Leader = 0,
    Client = 1,
    Open = 3,
    Prepare = 4,
    Exec = 5,
    Query = 6,
    Finalize = 7,
    ExecSql = 8,
    QuerySql = 9,
    Interrupt = 10,
    Add = 12,
    Assign = 13,
    Remove = 14,
    Cluster = 16,
    Transfer = 17,
    Describe = 18,
    Weight = 19,
}
