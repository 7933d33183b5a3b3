namespace Seguro.Stores.Dqlite;

/// <summary>The responses of the wire protocol, with their codes.</summary>
enum ResponseType : byte
{
    Failure = 0,
    Server = 1,
    Welcome = 2,
    Servers = 3,
    Database = 4,
    Statement = 5,
    Result = 6,
    Rows = 7,
    Empty = 8,
    Files = 9,
    Metadata = 10,
}
