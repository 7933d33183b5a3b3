using System.Buffers.Binary;
using LightningDB;

namespace Seguro.Tests.Urbit.Nouns;

/// <summary>The values of a real event log, read without the product's own reader of piers.</summary>
static class LogValues
{
    public static List<(ulong Number, byte[] Value)> Read(string epoch, ulong from = 1, ulong to = ulong.MaxValue)
    {
        List<(ulong, byte[])> values = [];
        using LightningEnvironment environment = new(epoch, new EnvironmentConfiguration { MaxDatabases = 2, MapSize = 1L << 30 });
        environment.Open(EnvironmentOpenFlags.ReadOnly | EnvironmentOpenFlags.NoLock);
        using LightningTransaction transaction = environment.BeginTransaction(TransactionBeginFlags.ReadOnly);
        using LightningDatabase events = transaction.OpenDatabase("EVENTS", new DatabaseConfiguration { Flags = DatabaseOpenFlags.IntegerKey });
        using LightningCursor cursor = transaction.CreateCursor(events);
        foreach ((MDBValue key, MDBValue value) in cursor.AsEnumerable())
        {
            ulong number = BinaryPrimitives.ReadUInt64LittleEndian(key.AsSpan());
            if (number >= from && number <= to)
                values.Add((number, value.CopyToNewArray()));
        }
        return values;
    }
}
