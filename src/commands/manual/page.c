/* page.c: the manual page. Words from the tables are escaped; what stands here is roff already. */
#include "manual.h"

#include <string.h>
#include "commands/commands.h"

static const char head[] = ".SH NAME\n"
                           "gan_dist \\- trains generative adversarial networks, on one machine or many\n"
                           ".SH SYNOPSIS\n";

static const char description[] =
    ".SH DESCRIPTION\n"
    "One program, one process a rank: started alone, or as\n"
    ".B mpirun \\-np\n"
    ".I N\n"
    ".BR gan_dist ,\n"
    "each rank computing its part of every batch.\n"
    "With \\-\\-backend cpu the result is the same, byte for byte, whatever the number of ranks.\n"
    "Stopped by SIGTERM, SIGINT or SIGUSR1, a run saves; the same command goes on from there.\n"
    ".SH COMMANDS\n";

static const char options[] =
    ".SH OPTIONS\n"
    "Options of train, check, bench and pack.\n"
    "Each takes its value as\n"
    ".BI \\-\\-name \" VALUE\"\n"
    "or\n"
    ".BI \\-\\-name= VALUE\\fR;\\fP\n"
    "of one given several times the last counts.\n"
    "The default holds where neither preset nor configuration file sets another value.\n";

static const char keys[] =
    ".SH CONFIGURATION KEYS\n"
    "What has no option of its own, to be set in the configuration file or by \\-\\-set.\n"
    "The options above are keys too.\n";

static const char files[] = ".SH FILES\n"
                            "In the folder that \\-\\-out names:\n"
                            ".TP\n"
                            ".I samples/step\\-00000300.png\n"
                            "pictures from fixed noise after 300 steps; samples/reals.png: real ones\n"
                            ".TP\n"
                            ".I log.csv\n"
                            "losses, D(x), D(G(z)) and images per second, a row for each logged step\n"
                            ".TP\n"
                            ".I checkpoints/step\\-00000500.safetensors\n"
                            "the whole state, under PyTorch's names\n"
                            ".TP\n"
                            ".I config.ini\n"
                            "the whole configuration, usable as \\-\\-config\n"
                            ".TP\n"
                            ".I status.json\n"
                            "what the run is doing, for scripts\n"
                            ".TP\n"
                            ".I bad\\-files.txt\n"
                            "pictures that could not be read, with reasons, if any\n";

static const char environment[] =
    ".SH ENVIRONMENT\n"
    "The program takes all that it needs from its options. It obeys\n"
    ".TP\n"
    ".B OMP_WAIT_POLICY\n"
    "where ranks have more threads than cores,\n"
    ".I passive\n"
    "keeps those that wait from spinning; the launch scripts set it\n"
    ".TP\n"
    ".BR OMPI_MCA_ *\n"
    "what Open MPI is told\n"
    ".PP\n"
    "and the launch scripts (local.sh, hosts.sh, slurm.sbatch, slurm\\-requeue.sbatch, in "
    "share/gan_dist/launch)\n"
    ".TP\n"
    ".B GAN_DIST\n"
    "another program than the one they belong to\n"
    ".TP\n"
    ".B GAN_SITE\n"
    "a file with facts of a site (modules, interfaces), sourced before all else\n"
    ".TP\n"
    ".B GAN_ROOT\n"
    "the folder above launch, for Slurm, which runs a copy of the script\n"
    ".TP\n"
    ".B GAN_INTERFACE\n"
    "hosts.sh: another network than that of the host file's addresses\n"
    ".TP\n"
    ".B GAN_DEBUG\n"
    "1: Open MPI and NCCL say what they do\n";

static const char examples[] =
    ".SH EXAMPLES\n"
    "Two ranks on your own pictures:\n"
    ".PP\n"
    ".EX\n"
    "mpirun \\-np 2 gan_dist \\-\\-preset dcgan64 \\-\\-data pictures \\-\\-out runs/mine\n"
    ".EE\n"
    ".PP\n"
    "A picture of 100 pictures from its newest checkpoint:\n"
    ".PP\n"
    ".EX\n"
    "gan_dist generate \\-\\-checkpoint runs/mine \\-\\-out grid.png \\-\\-num 100\n"
    ".EE\n"
    ".PP\n"
    "A network of your own:\n"
    ".PP\n"
    ".EX\n"
    "gan_dist presets dcgan48\\-anime > mine.ini\n"
    "gan_dist \\-\\-config mine.ini \\-\\-data pictures \\-\\-out runs/own\n"
    ".EE\n"
    ".SH SEE ALSO\n"
    ".BR mpirun (1)\n";

/* Plain text as roff: no character of it is a request, and '-' can be copied to a shell. */
static void text(FILE *out, const char *words)
{
    for (const char *c = words; *c; c++) {
        if (*c == '\\')
            fputs("\\e", out);
        else if (*c == '-')
            fputs("\\-", out);
        else if (*c == '~')
            fputs("\\(ti", out);
        else if (*c == '^')
            fputs("\\(ha", out);
        else if (c == words && (*c == '.' || *c == '\''))
            fprintf(out, "\\&%c", *c);
        else
            fputc(*c, out);
    }
}

/* The paragraph's tag, "name ARGUMENT" in bold and italic, with the glue between them. */
static void tag(FILE *out, const char *name, const char *glue, const char *argument)
{
    fputs(".TP\n.B ", out);
    text(out, name);
    if (argument) {
        fprintf(out, "%s\\fI", *glue ? glue : "\\ ");
        text(out, argument);
        fputs("\\fP", out);
    }
    fputc('\n', out);
}

static void line(FILE *out, const char *words)
{
    text(out, words);
    fputc('\n', out);
}

static void print_commands(FILE *out)
{
    const gan_command_row *row;
    for (size_t i = 0; (row = gan_command_get(i)); i++) {
        fputs(i ? ".br\n.B gan_dist\n" : ".B gan_dist\n", out);
        line(out, row->usage);
    }
    fputs(description, out);
    for (size_t i = 0; (row = gan_command_get(i)); i++) {
        tag(out, row->word, "", NULL);
        line(out, row->help);
        if (*row->takes && strcmp(row->takes, "all") != 0) {
            fputs("Of the options below it takes ", out);
            text(out, row->takes);
            fputs(".\n", out);
        }
        const gan_command_option *option = row->options;
        if (!option->name)
            continue;
        fputs(".RS\n", out);
        for (int k = 0; k < GAN_COMMAND_OPTIONS_MAX && option[k].name; k++) {
            char name[64];
            snprintf(name, sizeof name, "%.*s", (int)strcspn(option[k].name, "!"), option[k].name);
            tag(out, name, "", option[k].argument);
            line(out, option[k].help);
        }
        fputs(".RE\n", out);
    }
}

/* One row of the configuration: its help, what it takes, its default. */
static void print_row(FILE *out, size_t i, const gan_config *defaults)
{
    char takes[256], value[GAN_TEXT_MAX];
    gan_option option = gan_option_get(i);
    gan_option_range(takes, sizeof takes, i);
    gan_option_value(value, defaults, i);
    if (option.option)
        tag(out, option.option, "", option.argument);
    else
        tag(out, option.key, " = ", "value");
    line(out, option.help);
    fputs(".br\n", out);
    if (option.option) {
        fputs("Key ", out);
        text(out, option.key);
        fputs("; takes ", out);
    } else {
        fputs("Takes ", out);
    }
    text(out, takes);
    fputs(value[0] ? "; default " : "; no default", out);
    line(out, value);
}

static void print_options(FILE *out)
{
    gan_config defaults;
    gan_config_defaults(&defaults);
    fputs(options, out);
    tag(out, "--preset", "", "NAME");
    line(out, "start from a preset, see PRESETS");
    tag(out, "--config", "", "FILE");
    line(out, "read a configuration file (INI); stronger than the preset");
    tag(out, "--set", "", "section.key=value");
    line(out, "set any key of the configuration");
    for (size_t i = 0; i < gan_option_count(); i++)
        if (gan_option_get(i).option)
            print_row(out, i, &defaults);
    fputs(keys, out);
    for (size_t i = 0; i < gan_option_count(); i++)
        if (!gan_option_get(i).option)
            print_row(out, i, &defaults);
}

/* The first comment line of a preset says what it is. */
static void print_presets(FILE *out)
{
    fputs(".SH PRESETS\n", out);
    for (size_t i = 0; gan_preset_name(i); i++) {
        char first[256];
        const char *words = gan_preset_text(gan_preset_name(i));
        words += strspn(words, "# ");
        snprintf(first, sizeof first, "%.*s", (int)strcspn(words, "\n"), words);
        tag(out, gan_preset_name(i), "", NULL);
        line(out, first);
    }
}

void gan_manual_page(FILE *out)
{
    const gan_exit_row *row;
    fputs(".\\\" Made by the build from the program's tables.\n.TH GAN_DIST 1 " MANUAL_DATE
          " \"gan_dist " GAN_VERSION "\" \"User Commands\"\n",
          out);
    fputs(head, out);
    print_commands(out);
    print_options(out);
    print_presets(out);
    fputs(files, out);
    fputs(environment, out);
    fputs(".SH EXIT STATUS\n", out);
    for (size_t i = 0; (row = gan_exit_get(i)); i++)
        fprintf(out, ".TP\n.B %d\n%s\n", row->status, row->meaning);
    fputs(examples, out);
}
