using System.Text.Json;
using Microsoft.Extensions.Logging;
using Seguro.Cli.Output;
using Seguro.Core;

namespace Seguro.Tests.Cli;

public sealed class ServiceLogTests
{
    [Fact]
    public void Text_has_time_and_level_and_nothing_below_the_least()
    {
        string printed = Print("text", LogLevel.Warning, static log =>
        {
            log.LogInformation("not this");
            log.LogWarning("There is no link with {Peer}.", "m2");
            log.LogCritical("The end.");
        });
        Assert.Matches("^[0-9-]{10}T[0-9:.]{12}Z warning There is no link with m2[.]\n[0-9-]{10}T[0-9:.]{12}Z error   The end[.]\n$", printed);
    }

    [Fact]
    public void Each_line_for_the_journal_has_its_level_as_syslog_numbers_it()
    {
        string printed = Print("journal", LogLevel.Debug, static log =>
        {
            log.LogDebug("d");
            log.LogInformation("i");
            log.LogWarning("two\nlines");
            log.LogError("e");
            log.LogCritical("c");
        });
        Assert.Equal("<7>d\n<6>i\n<4>two\n<4>lines\n<3>e\n<2>c\n", printed);
    }

    [Fact]
    public void Json_has_fields()
    {
        string printed = Print("json", LogLevel.Information, static log => log.LogInformation("{Member} is {Role} (term {Term}) of {Count}.", "m1", Role.Master, new Term(7), 3));
        JsonElement entry = JsonDocument.Parse(printed).RootElement;
        Assert.Equal("info", entry.GetProperty("level").GetString());
        Assert.Equal("m1 is Master (term 7) of 3.", entry.GetProperty("notice").GetString());
        Assert.Equal("~zod", entry.GetProperty("ship").GetString());
        JsonElement fields = entry.GetProperty("fields");
        Assert.Equal(("m1", "Master", 7UL, 3), (fields.GetProperty("member").GetString(), fields.GetProperty("role").GetString(), fields.GetProperty("term").GetUInt64(), fields.GetProperty("count").GetInt32()));
        Assert.False(fields.TryGetProperty("{OriginalFormat}", out _));
    }

    private static string Print(string form, LogLevel least, Action<ILogger> write)
    {
        using StringWriter output = new() { NewLine = "\n" };
        using StringWriter errors = new();
        Terminal terminal = new(output, errors, static () => Stream.Null, static () => Stream.Null, isInteractive: false);
        write(new ServiceLog(terminal, form, least, ("ship", "~zod")));
        return output.ToString();
    }
}
